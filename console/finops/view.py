"""The opening of a page about the cloud bill: it needs charges, not events, and its filter bar has the bill's days."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from console.asking import contents as lake
from console.asking import formatting as text
from console.asking.engines import combine
from console.finops import contents
from console.finops.charges import Basis
from console.finops.contents import Contents
from console.kit import filters, page

IMPORT_COMMANDS = ("python -m console spend import FILE", "python -m console spend snapshot")


@dataclass(frozen=True)
class BillReader(page.Reader):
    """The reader of a page about the cloud bill, with the bill's contents and the period chosen."""

    contents: Contents
    selection: filters.Selection

    def describe(
        self, answer: page.Answer, *, basis: Basis, currency: str, narrowed: Sequence[tuple[str, str]] = ()
    ) -> list[tuple[str, str]]:
        """(name, text) lines printed in every export: period, basis, what the bill is narrowed to, and data time."""
        selection = self.selection
        return [
            ("Period", f"{selection.period.label()} ({selection.period.days} days)"),
            *((f"Compared with {name}", period.label()) for name, period in selection.comparisons),
            ("Basis", f"{basis} cost"),
            ("Billing currency", currency),
            *narrowed,
            ("Charges through", text.day(self.contents.last_day)),
            ("Data as of", text.instant(combine(answer.results).data_as_of)),
            *self.sample_lines,
        ]


@contextmanager
def opened(title: str, question: str | None, viewer: page.ViewerScope) -> Iterator[BillReader]:
    """Open a page about the bill with a bar of days; it ends in its failed or empty state where it has to.

    `question` is the page's docstring.
    """
    with page.unfiltered(title, question, viewer) as reader:
        shop = lake.contents(reader.scope, also=contents.QUESTIONS)
        bill = contents.contents(reader.scope)
        stop_without_bill(bill.is_empty, fill_commands=page.FILL_COMMANDS[:1] if shop.is_empty else ())
        first_day, last_day = bill.first_day or bill.today, bill.last_complete_day or bill.today
        options = filters.FilterOptions(first_day, last_day, shop.channels, shop.categories, shop.regions)
        yield BillReader(reader.scope, bill, filters.bar(options, sliced=False))


def stop_without_bill(is_empty: bool, *, fill_commands: Sequence[str] = ()) -> None:
    """End the page in its empty state where there is no bill: it says how to import one."""
    page.stop_if_empty(
        is_empty,
        title="There is no cloud bill yet",
        next_step="Import a FOCUS or CUR file that your cloud exported, or ask Cost Explorer (once a day, a few "
        "cents), then reload this page. Where the console runs on AWS, the bill arrives by its FOCUS data export.",
        commands=(*IMPORT_COMMANDS, *fill_commands),
    )

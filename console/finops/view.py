"""What the pages about the cloud bill do before they ask: open the lake, head the page, draw the filter bars."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from catalogue.errors import TakingsError
from console.asking import contents as lake
from console.asking.engines import Result, Statistics
from console.asking.scope import Scope
from console.finops import contents
from console.finops.charges import Basis
from console.finops.contents import Contents
from console.kit import filters, page
from console.kit import formatting as text
from console.kit import viewer as reader

IMPORT_COMMANDS = ("python -m console spend import FILE", "python -m console spend snapshot")
NEXT_STEP = (
    "Import a FOCUS or CUR file that your cloud exported, or ask Cost Explorer (once a day, a few cents), then reload "
    "this page. Where the console runs on AWS, the bill arrives by its FOCUS data export."
)


@dataclass(frozen=True)
class Reading:
    """An open lake with a bill in it, and the period the reader chose."""

    scope: Scope
    contents: Contents
    selection: filters.Selection

    def describe(
        self, statistics: Statistics, *, basis: Basis, currency: str, narrowed: Sequence[tuple[str, str]] = ()
    ) -> list[tuple[str, str]]:
        """Lines printed in every export: period, basis, what is narrowed, data time."""
        selection = self.selection
        return [
            ("Period", f"{selection.period.label()} ({selection.period.days} days)"),
            *((f"Compared with {name}", period.label()) for name, period in selection.comparisons),
            ("Basis", f"{basis} cost"),
            ("Billing currency", currency),
            *narrowed,
            ("Charges through", text.day(self.contents.last_day)),
            ("Data as of", text.instant(statistics.data_as_of)),
            *([("Data", "sample data, made up")] if self.scope.is_sample else []),
        ]

    def trust_line(self, statistics: Statistics, results: Sequence[Result], *, notes: tuple[str, ...] = ()) -> None:
        """Close the page: data time, engine, time, price, and the SQL of every question."""
        seen: dict[str, str] = {}
        for result in results:
            seen.setdefault(result.sql, self.scope.catalogue[result.query].title)
        page.trust_line(
            statistics, sql=[(title, sql) for sql, title in seen.items()], notes=notes, now=self.scope.now()
        )


def begin(title: str, question: str | None, viewer: Callable[[], Scope]) -> Reading:
    """Open the lake and draw the page down to its period; ends the page in its designed state where it cannot.

    A lake without events may hold a bill: only a lake without charges is empty here.

    Parameters
    ----------
    question : the page's docstring
    viewer : gives the scope; called inside, so that its failure is drawn under the page's title
    """
    try:
        scope = reader.scope(viewer, title)
        shop = lake.contents(scope, also=contents.QUESTIONS)
        bill = contents.contents(scope)
    except TakingsError:
        page.begin(title, question)
        with page.answer():
            raise
        st.stop()
    page.begin(title, question, is_sample=scope.is_sample)
    page.stop_if_empty(
        bill.is_empty,
        title="There is no cloud bill yet",
        next_step=NEXT_STEP,
        commands=(*IMPORT_COMMANDS, *(page.FILL_COMMANDS[:1] if shop.is_empty else ())),
    )
    options = filters.FilterOptions(
        bill.first_day, bill.last_complete_day, shop.channels, shop.categories, shop.regions
    )
    return Reading(scope, bill, filters.bar(options, sliced=False))

"""``scan-cost``: what every page scans on Athena when the lake holds so many events."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from catalogue.errors import BindingError, QueryFailed
from console.cli import output
from console.cli.options import Format

if TYPE_CHECKING:
    from catalogue.binding import Statement
    from console.asking.engines import SqlEngine
    from console.kit.navigation import PageEntry

DAYS = 730  # two years
EVENTS = Decimal(1_000_000_000)
FEWEST_EVENTS, MOST_EVENTS = 20_000, 4_000_000  # of the sample that is measured; what its size does not reach is scaled
PAGES_EVENTS = 4  # the pages run on a lake this many times smaller: they ask the same
PRICE = "athena.scanned_terabyte"
VIEWS: Mapping[str, Mapping[str, Sequence[str]]] = {
    "default": {},
    "quarter, two comparisons": {"period": ["90d"], "compare": ["previous", "year"]},
    "year, two comparisons": {"period": ["12m"], "compare": ["previous", "year"]},
    "year, one category": {"period": ["12m"], "category": ["Home"]},
}
COLUMNS = ("page", "view", "queries", "scanned_mb", "billed_mb", "scanned_usd", "billed_usd", "within_limit")


@dataclass(frozen=True)
class View:
    """One view of one page, and what it costs; `failure` says why it could not be run."""

    page: str
    view: str
    cost: Any
    failure: str = ""


def scan_cost(
    context: typer.Context,
    events: Annotated[str, typer.Option(metavar="N", help="events in the lake, over two years")] = "1e9",
    folder: Annotated[
        str | None, typer.Option(metavar="DIR", help="keep the measured sample here (default: it is deleted)")
    ] = None,
    page: Annotated[list[str], typer.Option(metavar="NAME", help="only this page; may be given again")] = [],  # noqa: B006
    by_query: Annotated[bool, typer.Option("--by-query", help="every statement with the tables it reads")] = False,
    form: Format = "table",
) -> int:
    """Estimate what every page scans on Athena.

    With its price; exits with 1 where a page is over the limit or fails.
    """
    from console.scan_cost.estimate import LIMIT_BYTES

    samples: Any = context.obj.sample_lakes()
    with _folder(folder) as place:
        views = measure(_events(events), place, samples, only=page, log=_log)
    rows = [_row(view) for view in views]
    if by_query:
        rows = [line for view in views for line in _lines(view)]
        output.show(rows, ("page", "view", "query", "scanned_mb", "by_table"), form, under="statements")
    else:
        output.show(rows, COLUMNS, form, under="pages")
    for view in views:
        if view.failure:
            _log(view.failure)
        elif not view.cost.is_within_limit:
            _log(f"{view.page}, {view.view}: {view.cost.scanned / 1e6:.1f} MB is more than {LIMIT_BYTES / 1e6:.0f} MB")
    return int(any(view.failure or not view.cost.is_within_limit for view in views))


def measure(
    events: int, folder: Path, samples: Any, *, only: Sequence[str] = (), log: Any = lambda _text: None
) -> list[View]:
    """Every view of every page, on a lake of `events` events over two years.

    Parameters
    ----------
    folder : where the sample lakes are made, or are from an earlier run
    samples : the module `console.wiring.samples`, which this package may not import
    only : titles or URL paths of the pages; all where there are none
    """
    from catalogue.tables import TABLES
    from console.kit.navigation import PAGES
    from console.scan_cost.density import measure as density_of
    from console.scan_cost.estimate import FullLake, page_cost

    a_day = events / DAYS
    size = round(min(max(a_day, FEWEST_EVENTS), MOST_EVENTS))
    log(f"Measuring a sample of {size:,} events as one day of {DAYS} …")
    small, large = (samples.sample_lake(folder, rows) for rows in (size // PAGES_EVENTS, size))
    last_day = samples.sample_end()
    densities = {
        name: density_of(name, small, large, *samples.curated_file_writer(table.partition))
        for name, table in TABLES.items()
    }
    lake = FullLake(densities, last_day, DAYS, a_day / size)
    wanted = {name.lower() for name in only}
    views = []
    for page in PAGES:
        if wanted and not {page.title.lower(), page.url_path} & wanted:
            continue
        log(f"Running {page.title} …")
        for name, view in VIEWS.items():
            try:
                asked = statements_of(page, small, view, samples, first_day=last_day - timedelta(days=DAYS))
            except QueryFailed as error:
                views.append(View(page.title, name, None, str(error)))
            else:
                views.append(View(page.title, name, page_cost(lake, asked)))
    return views


def statements_of(
    page: PageEntry,
    lake: Path,
    view: Mapping[str, Sequence[str]],
    samples: Any,
    *,
    first_day: date | None = None,
) -> list[Statement]:
    """Every statement of one view of a page: nothing was asked before, and nothing is asked twice.

    Parameters
    ----------
    view : the URL's parameters, such as ``{"period": ["12m"]}``
    first_day : let the page believe that the data begins there

    Raises
    ------
    QueryFailed
        The page cannot be shown.
    """
    from console.kit import headless
    from console.scan_cost.recording import Recording

    recordings: list[Recording] = []

    def recorded(engine: SqlEngine) -> SqlEngine:
        recordings.append(Recording(engine, first_day))
        return recordings[-1]

    with samples.pages_on(lake, recorded):
        headless.run(page, view)
    return [statement for recording in recordings for statement in recording.statements]


def _events(text: str) -> int:
    try:
        events = Decimal(text)
        if events.is_finite() and 1 <= events <= Decimal(10) ** 15:
            return int(events)
    except InvalidOperation:
        pass
    raise BindingError(f"--events is {text!r}, which is no number of events", where="--events", remedy="Write 1e9.")


def _row(view: View) -> dict[str, Any]:
    if view.failure:
        return dict.fromkeys(COLUMNS) | {"page": view.page, "view": view.view, "within_limit": "failed"}
    scanned, billed = view.cost.scanned, view.cost.billed
    return {
        "page": view.page,
        "view": view.view,
        "queries": len(view.cost.statements),
        "scanned_mb": _megabytes(scanned),
        "billed_mb": _megabytes(billed),
        "scanned_usd": _dollars(scanned),
        "billed_usd": _dollars(billed),
        "within_limit": "yes" if view.cost.is_within_limit else "no",
    }


def _lines(view: View) -> Iterator[dict[str, Any]]:
    for statement in view.cost.statements if view.cost else ():
        tables = ", ".join(f"{table} {_megabytes(size)}" for table, size in sorted(statement.by_table.items()))
        yield {
            "page": view.page,
            "view": view.view,
            "query": statement.query,
            "scanned_mb": _megabytes(statement.scanned),
            "by_table": tables,
        }


def _megabytes(size: int) -> Decimal:
    return (Decimal(size) / 1_000_000).quantize(Decimal("0.1"))


def _dollars(size: int) -> Decimal | None:
    from console.finops.pricing import price_book
    from console.scan_cost.estimate import dollars

    price = price_book.load().price(PRICE, region="us-east-1").amount
    return None if price is None else dollars(size, price).quantize(Decimal("0.000001"))


@contextmanager
def _folder(named: str | None) -> Iterator[Path]:
    if named is not None:
        yield Path(named).absolute()
        return
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def _log(text: str) -> None:
    sys.stderr.write(f"{text}\n")

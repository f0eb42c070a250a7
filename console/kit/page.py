"""The anatomy every page shares: title and question, the failed and the empty state, and the trust line.

::

    page.begin("Revenue", question=__doc__)
    selection = filters.bar(options)
    with page.answer():
        revenue = sales.revenue(…)
        page.stop_if_empty(not revenue.days, next_step="Widen the dates, or clear a filter.", selection=selection)
        …
        page.trust_line(revenue.statistics, sql=revenue.sql)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from html import escape
from uuid import uuid4

import streamlit as st

from catalogue.errors import LakeMissing, TakingsError
from console.asking.engines import Statistics
from console.kit import filters
from console.kit import formatting as text

FILL_COMMANDS = (
    "python -m pipeline sample",
    "python -m pipeline import --help",
)
EVERY = 1.0  # seconds between two looks at what is being worked out


def begin(title: str, question: str | None, *, is_sample: bool = False) -> None:
    """Head the page with its title and its question in one sentence, and say when the data is the sample year.

    `question` is the page's docstring: a leading ``Title:`` is dropped, and only its first paragraph is shown.
    """
    st.set_page_config(page_title=f"{title} · Takings")
    badge = (
        '<span class="tk-badge" title="Made-up data of the sample shop, not yours">sample data</span>'
        if is_sample
        else ""
    )
    st.html(
        f'<header class="tk-head"><h1>{escape(title)}{badge}</h1><p>{escape(question_of(title, question))}</p></header>'
    )


def question_of(title: str, docstring: str | None) -> str:
    """The question in a page's docstring: its first paragraph on one line, without a leading ``Title:``."""
    paragraph = " ".join((docstring or "").strip().split("\n\n")[0].split())
    prefix = f"{title}:"
    if paragraph.startswith(prefix):
        paragraph = paragraph[len(prefix) :].strip()
    return paragraph[:1].upper() + paragraph[1:]


@contextmanager
def answer() -> Iterator[None]:
    """Show the failed state instead of a traceback when anything named is raised inside; the rest travels up."""
    try:
        yield
    except LakeMissing as error:
        _empty("There is no data yet", error.remedy or "Fill a lake, then reload this page.", FILL_COMMANDS)
    except TakingsError as error:
        failed(error)


def failed(error: TakingsError) -> None:
    """The failed state: what failed, where, and the remedy, with a way to try again."""
    where = f'<p class="tk-where">{escape(error.where)}</p>' if error.where else ""
    commands = re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(error.remedy))
    remedy = f'<p class="tk-remedy">{commands}</p>' if error.remedy else ""
    with st.container(gap="xsmall"):
        st.html(
            f'<section class="tk-failed" role="alert"><h2>{escape(error.what)}</h2>{where}{remedy}</section>',
        )
        # Any click reruns the page; the key only has to differ from that of another failure on it.
        st.button("Try again", icon=":material/refresh:", key=f"tk-again-{uuid4().hex}")


@st.fragment(run_every=EVERY)
def waiting(what: str, is_done: Callable[[], bool]) -> None:
    """Say what is being worked out beside the page, look every second whether it is, and then draw the page with it."""
    st.html(f'<p class="tk-calm">{what} …</p>')
    with answer():
        if is_done():
            st.rerun()


def stop_if_empty(
    is_empty: bool,
    *,
    next_step: str,
    title: str = "Nothing to show for this selection",
    commands: Sequence[str] = (),
    selection: filters.Selection | None = None,
) -> None:
    """End the page with the empty state when `is_empty`.

    Parameters
    ----------
    next_step : what the reader can do, one sentence
    commands : shell commands that fill the lake, shown to copy
    selection : when it leaves rows out, a button that clears the filters is offered
    """
    if not is_empty:
        return
    _empty(title, next_step, commands, selection)
    st.stop()


def _empty(title: str, next_step: str, commands: Sequence[str], selection: filters.Selection | None = None) -> None:
    with st.container(key="tk-state-empty", gap="xsmall"):
        st.html(f'<section class="tk-empty"><h2>{escape(title)}</h2><p>{escape(next_step)}</p></section>')
        if commands:
            st.code("\n".join(commands), language=None)
        if selection is not None and selection.is_filtered:
            st.button("Clear filters", key="tk-empty-clear", on_click=filters.clear)


def trust_line(
    statistics: Statistics,
    *,
    sql: Sequence[tuple[str, str]] = (),
    quarantined_share: Decimal | float | None = None,
    notes: Sequence[str] = (),
    now: datetime | None = None,
) -> None:
    """One quiet line: where the numbers came from, how old they are and what they cost, with the SQL behind them.

    Parameters
    ----------
    sql : (title, text) of every statement behind the page
    quarantined_share : refused ÷ received records; None where unknown
    notes : short remarks that belong to the whole page, such as a currency left out
    now : the clock, for tests
    """
    parts = trust_parts(statistics, quarantined_share=quarantined_share, now=now or datetime.now(UTC))
    items = "".join(f'<span title="{escape(hint, quote=True)}">{escape(part)}</span>' for part, hint in parts)
    remarks = "".join(f"<p>{escape(note)}</p>" for note in notes)
    with st.container(
        key="tk-trust", horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", gap="small"
    ):
        st.html(f'<footer class="tk-trust"><p>{items}</p>{remarks}</footer>', width="stretch")
        if sql:
            with st.popover("Show SQL", type="tertiary", icon=":material/code:", key="tk-sql"):
                for title, statement in sql:
                    st.caption(title)
                    st.code(statement, language="sql", wrap_lines=True)


def trust_parts(
    statistics: Statistics, *, quarantined_share: Decimal | float | None, now: datetime
) -> list[tuple[str, str]]:
    """The items of the trust line as (text, explanation)."""
    as_of = statistics.data_as_of
    parts: list[tuple[str, str]] = []
    if as_of is None:
        parts.append(("No events yet", "The lake holds no curated event"))
    else:
        parts.append(
            (f"Data as of {text.instant(as_of)} ({text.age(as_of, now)})", "The latest record this answer can contain")
        )
    if quarantined_share is not None:
        parts.append((f"{text.percent(quarantined_share)} quarantined", "Refused records ÷ received records"))
    parts.append((statistics.engine, "The engine that answered"))
    if statistics.stale:
        parts.append(_stale(statistics))
    elif statistics.cached:
        parts.append(("cached", "Answered from the cache: nothing was scanned"))
    else:
        parts.append((text.duration(statistics.elapsed_seconds), _time(statistics)))
        if statistics.reused:
            parts.append(("reused", "The engine gave the results of earlier runs on the same data"))
        if statistics.bytes_scanned is not None:
            parts.append((text.data_size(statistics.bytes_scanned), "Read from storage"))
    if statistics.dollars is not None:
        parts.append((text.price(statistics.dollars), _price(statistics)))
    return parts


def _time(statistics: Statistics) -> str:
    """What the time of an answer was spent on, as far as the engine says."""
    spent = [
        f"{text.duration(seconds)} {where}"
        for seconds, where in (
            (statistics.queue_seconds, "in the engine's queue"),
            (statistics.engine_seconds, "running"),
        )
        if seconds is not None
    ]
    return "From asking to the last row, all statements added" + (f": {', '.join(spent)}" if spent else "")


def _price(statistics: Statistics) -> str:
    """What is charged: bytes, or capacity while the warehouse is awake."""
    if not statistics.rpu_seconds:
        return "Price of the queries"
    return f"Price of the queries, with {text.count(statistics.rpu_seconds)} RPU-seconds of the warehouse"


def _stale(statistics: Statistics) -> tuple[str, str]:
    """What a reader is told of an answer that a curation has overtaken."""
    if statistics.renewal_failure:
        return ("not renewed", f"Newer data is there and could not be asked for: {statistics.renewal_failure}")
    return ("being renewed", "From before the last curation; the new answer is being asked for: reload in a moment")

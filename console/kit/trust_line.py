"""The trust line at the foot of a page: where its numbers came from, how old they are, and what they cost."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from html import escape

import streamlit as st

from console.asking import formatting as text
from console.asking.engines import Result, Statistics, combine
from console.asking.scope import Scope


def of(
    scope: Scope | None,
    results: Sequence[Result],
    *,
    notes: Sequence[str] = (),
    quarantined_share: Decimal | None = None,
) -> None:
    """Draw the line for these results of a scope, with the SQL of every question; the notes alone without a result."""
    if scope is None or not results:
        st.html(f'<footer class="tk-trust">{_remarks(notes)}</footer>')
        return
    titles: dict[str, str] = {}
    for result in results:
        titles.setdefault(result.sql, scope.catalogue[result.query].title)
    draw(
        combine(results),
        sql=[(title, sql) for sql, title in titles.items()],
        quarantined_share=quarantined_share,
        notes=notes,
        now=scope.now(),
    )


def draw(
    statistics: Statistics,
    *,
    sql: Sequence[tuple[str, str]] = (),
    quarantined_share: Decimal | float | None = None,
    notes: Sequence[str] = (),
    now: datetime | None = None,
) -> None:
    """Draw the line.

    Parameters
    ----------
    sql : (title, text) of every statement behind the page
    quarantined_share : refused ÷ received records; None where unknown
    notes : short remarks that belong to the whole page, such as a currency left out
    now : the clock, for tests
    """
    shown = parts(statistics, quarantined_share=quarantined_share, now=now or datetime.now(UTC))
    items = "".join(f'<span title="{escape(hint, quote=True)}">{escape(part)}</span>' for part, hint in shown)
    with st.container(
        key="tk-trust", horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", gap="small"
    ):
        st.html(f'<footer class="tk-trust"><p>{items}</p>{_remarks(notes)}</footer>', width="stretch")
        if sql:
            with st.popover("Show SQL", type="tertiary", icon=":material/code:", key="tk-sql"):
                for title, statement in sql:
                    st.caption(title)
                    st.code(statement, language="sql", wrap_lines=True)


def parts(statistics: Statistics, *, quarantined_share: Decimal | float | None, now: datetime) -> list[tuple[str, str]]:
    """The items of the trust line as (text, explanation)."""
    as_of = statistics.data_as_of
    shown: list[tuple[str, str]] = []
    if as_of is None:
        shown.append(("No events yet", "The lake holds no curated event"))
    else:
        shown.append(
            (f"Data as of {text.instant(as_of)} ({text.age(as_of, now)})", "The latest record this answer can contain")
        )
    if quarantined_share is not None:
        shown.append((f"{text.percent(quarantined_share)} quarantined", "Refused records ÷ received records"))
    shown.append((statistics.engine, "The engine that answered"))
    if statistics.stand_in:
        shown.append((statistics.stand_in, "Why another engine answered than usual: the figures are the same"))
    if statistics.stale:
        shown.append(_stale(statistics))
    elif statistics.cached:
        shown.append(("cached", "Answered from the cache: nothing was scanned"))
    else:
        shown.append((text.duration(statistics.elapsed_seconds), _time(statistics)))
        if statistics.reused:
            shown.append(("reused", "The engine gave the results of earlier runs on the same data"))
        if statistics.bytes_scanned is not None:
            shown.append((text.data_size(statistics.bytes_scanned), "Read from storage"))
    if statistics.dollars is not None:
        shown.append((text.price(statistics.dollars), _price(statistics)))
    return shown


def _remarks(notes: Sequence[str]) -> str:
    return "".join(f"<p>{escape(note)}</p>" for note in notes)


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
    """That an answer is older than the last curation, and whether a newer one is on its way."""
    if statistics.renewal_failure:
        return ("not renewed", f"Newer data is there and could not be asked for: {statistics.renewal_failure}")
    return ("being renewed", "From before the last curation; the new answer is being asked for: reload in a moment")

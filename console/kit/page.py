"""How every page opens, fails, is empty and closes.

::

    with page.opened("Revenue", __doc__, wiring.viewer) as reader:
        revenue = answer.revenue(reader.scope, reader.selection.period, reader.selection.comparisons, reader.slices)
        page.stop_if_empty(revenue.is_empty, next_step="Widen the dates.", selection=reader.selection)
        …
        reader.trust_line(revenue)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from html import escape
from typing import Protocol
from uuid import uuid4

import streamlit as st

from catalogue.errors import LakeMissing, TakingsError
from console.asking import contents as lake
from console.asking import formatting as text
from console.asking.engines import Result, combine
from console.asking.engines.running import one_version
from console.asking.scope import Scope
from console.asking.slices import Slices
from console.kit import filters, prose, trust_line
from console.kit import viewer as viewers

FILL_COMMANDS = ("python -m pipeline sample", "python -m pipeline import --help")
LOOK_EVERY = 1.0  # seconds between two looks at what is being worked out
DAYS_BACK = timedelta(days=364)  # that can be chosen where no event says when the shop began

ViewerScope = Callable[[], Scope]  # called inside, so that its failure is shown under the page's title


class Answer(Protocol):
    """What a page draws: an object that holds the results it was made of."""

    @property
    def results(self) -> Sequence[Result]: ...


@dataclass(frozen=True)
class Reader:
    """Who reads a page that has no filters: what they can ask, and how the page closes."""

    scope: Scope

    @property
    def sample_lines(self) -> list[tuple[str, str]]:
        """The line of an export that says that the data is made up; none where it is the shop's own."""
        return [("Data", "sample data, made up")] if self.scope.is_sample else []

    def trust_line(self, answer: Answer, *, notes: Sequence[str] = ()) -> None:
        """Close the page: data time, engine, duration, price, the SQL of every question, and the notes."""
        trust_line.of(self.scope, answer.results, notes=notes)


@dataclass(frozen=True)
class LakeReader(Reader):
    """Who reads a page with the filter bar: also what the lake holds, and what was chosen."""

    contents: lake.Contents
    selection: filters.Selection

    @property
    def slices(self) -> Slices:
        """The channels, categories and regions chosen."""
        return self.selection.slices

    def describe(self, answer: Answer) -> list[tuple[str, str]]:
        """(name, text) lines printed in every export: filters, currency and data time."""
        return [
            *self.selection.describe(),
            ("Currency", self.scope.reporting_currency),
            ("Days in", self.scope.reporting_time_zone),
            ("Data as of", text.instant(combine(answer.results).data_as_of)),
            *self.sample_lines,
        ]

    def trust_line(self, answer: Answer, *, notes: Sequence[str] = ()) -> None:
        """The same with the share of records that were quarantined, and with how many were rounded."""
        records = lake.conservation(self.scope)
        if records.rounded:
            notes = (*notes, f"{text.counted(records.rounded, 'event')} had more digits than the lake keeps; rounded.")
        trust_line.of(self.scope, answer.results, notes=notes, quarantined_share=records.quarantined_share)


@contextmanager
def opened(
    title: str,
    question: str | None,
    viewer: ViewerScope,
    *,
    sliced: bool = True,
    through_today: bool = False,
    needs_events: bool = True,
) -> Iterator[LakeReader]:
    """Open a page on the lake with its filter bar; it ends in its failed or empty state where it has to.

    Parameters
    ----------
    question : the page's docstring
    sliced : False where the figures have no channel, category or region: the bar then offers days alone
    through_today : whether presets end with today, which is not over, rather than with the last complete day
    needs_events : False where the page has something to say of a lake that holds a cloud bill alone
    """
    with unfiltered(title, question, viewer) as reader:
        yield filtered(reader, title, sliced=sliced, through_today=through_today, needs_events=needs_events)


def filtered(
    reader: Reader, title: str, *, sliced: bool = True, through_today: bool = False, needs_events: bool = True
) -> LakeReader:
    """Draw the filter bar on a page that is open: for a part of it that has one; parameters as those of `opened`.

    Raises
    ------
    LakeMissing
        The lake holds no event.
    """
    scope = reader.scope
    contents = contents_of(scope, title, needs_events=needs_events)
    options = filters.FilterOptions(
        contents.first_day or scope.today - DAYS_BACK,
        (None if through_today else contents.last_complete_day) or scope.today,
        contents.channels,
        contents.categories,
        contents.regions,
    )
    return LakeReader(scope, contents, filters.bar(options, sliced=sliced))


def contents_of(scope: Scope, title: str, *, needs_events: bool = True) -> lake.Contents:
    """What the lake holds; raises LakeMissing where there is no event (and no charge either, if one is enough)."""
    contents = lake.contents(scope, also=[lake.CONSERVATION])  # the trust line's
    if contents.is_empty and (needs_events or not lake.has_charges(scope)):
        raise LakeMissing(
            "The lake is empty",
            where=title,
            remedy="Fill it with the sample year or with your own data, then reload this page.",
        )
    return contents


@contextmanager
def unfiltered(title: str, question: str | None, viewer: ViewerScope) -> Iterator[Reader]:
    """Open a page on the lake without the filter bar; it ends in its failed or empty state where it has to."""
    try:
        scope = viewers.scope(viewer, title)
    except TakingsError:
        with headed(title, question):
            raise
    with headed(title, question, is_sample=scope.is_sample):
        yield Reader(scope)


@contextmanager
def lake_optional(title: str, question: str | None, viewer: ViewerScope) -> Iterator[Scope | None]:
    """Open a page that has something to say without a lake; gives None where there is none."""
    try:
        scope = viewers.scope(viewer, title)
    except LakeMissing:
        scope = None
    except TakingsError:
        with headed(title, question):
            raise
    with headed(title, question, is_sample=scope is not None and scope.is_sample):
        yield scope


@contextmanager
def headed(title: str, question: str | None, *, is_sample: bool = False) -> Iterator[None]:
    """Put the title and the question over the page; an error of ours inside ends it in its failed state.

    All that is asked inside is asked of one version of the data.

    Parameters
    ----------
    question : the page's docstring: a leading ``Title:`` is dropped, and only its first paragraph is shown
    is_sample : whether to say that the data is the sample year
    """
    st.set_page_config(page_title=f"{title} · Takings")
    badge = '<span class="tk-badge" title="Made-up data of the sample shop, not yours">sample data</span>'
    heading = f"<h1>{escape(title)}{badge if is_sample else ''}</h1>"
    st.html(f'<header class="tk-head">{heading}<p>{escape(question_of(title, question))}</p></header>')
    with errors_shown(), one_version():
        yield
        return
    st.stop()


def question_of(title: str, docstring: str | None) -> str:
    """The question in a page's docstring: its first paragraph on one line, without a leading ``Title:``."""
    paragraph = " ".join((docstring or "").strip().split("\n\n")[0].split())
    question = paragraph.removeprefix(f"{title}:").strip()
    return question[:1].upper() + question[1:]


@contextmanager
def errors_shown() -> Iterator[None]:
    """Show an error of ours that is raised inside as the failed state; any other travels up."""
    try:
        yield
    except LakeMissing as error:
        _empty("There is no data yet", error.remedy or "Fill a lake, then reload this page.", FILL_COMMANDS)
    except TakingsError as error:
        failed(error)


def failed(error: TakingsError) -> None:
    """Draw the failed state: what failed, where, and the remedy, with a button that tries again."""
    where = f'<p class="tk-where">{escape(error.where)}</p>' if error.where else ""
    remedy = f'<p class="tk-remedy">{prose.with_commands(error.remedy)}</p>' if error.remedy else ""
    with st.container(gap="xsmall"):
        st.html(f'<section class="tk-failed" role="alert"><h2>{escape(error.what)}</h2>{where}{remedy}</section>')
        # Any click reruns the page; the key only has to differ from that of another failure on it.
        st.button("Try again", icon=":material/refresh:", key=f"tk-again-{uuid4().hex}")


@st.fragment(run_every=LOOK_EVERY)
def waiting(what: str, is_done: Callable[[], bool]) -> None:
    """Say what is being worked out in the background, look every second whether it is done, and then draw anew."""
    st.html(prose.calm(f"{what} …"))
    with errors_shown():
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
    """End the page in the empty state when `is_empty`.

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

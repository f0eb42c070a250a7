"""What every page that reads the lake does before it asks: open the lake, head the page, draw the filter bar."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

import streamlit as st

from catalogue.errors import LakeMissing, TakingsError
from console.asking import contents as lake
from console.asking.engines import Result, Statistics
from console.asking.scope import Scope
from console.asking.slices import Slices
from console.finops.contents import has_charges
from console.kit import filters, page
from console.kit import formatting as text
from console.kit import viewer as reader


@dataclass(frozen=True)
class Reading:
    """An open lake, and what the reader chose to see of it."""

    scope: Scope
    contents: lake.Contents
    selection: filters.Selection
    slices: Slices

    def describe(self, statistics: Statistics) -> list[tuple[str, str]]:
        """Lines printed in every export: filters, basis and data time."""
        return [
            *self.selection.describe(),
            ("Currency", self.scope.reporting_currency),
            ("Days in", self.scope.reporting_time_zone),
            ("Data as of", text.instant(statistics.data_as_of)),
            *([("Data", "sample data, made up")] if self.scope.is_sample else []),
        ]

    def trust_line(self, statistics: Statistics, results: list[Result], *, notes: tuple[str, ...] = ()) -> None:
        """Close the page: data time, quarantined share, engine, time, and the SQL of every question."""
        share = lake.conservation(self.scope).quarantined_share
        seen: dict[str, str] = {}
        for result in results:
            title = self.scope.catalogue[result.query].title
            seen.setdefault(result.sql, title)
        page.trust_line(
            statistics,
            sql=[(title, sql) for sql, title in seen.items()],
            quarantined_share=None if share is None else Decimal(str(share)),
            notes=notes,
            now=self.scope.now(),
        )


DAYS_BACK = timedelta(days=364)  # that can be chosen where no event says when the shop began


def begin(
    title: str,
    question: str | None,
    viewer: Callable[[], Scope],
    *,
    sliced: bool = True,
    through_today: bool = False,
    needs_events: bool = True,
) -> Reading:
    """Open the lake and draw the page down to its filter bar; ends the page in its designed state where it cannot.

    Parameters
    ----------
    question : the page's docstring
    viewer : gives the scope; called inside, so that its failure is drawn under the page's title
    sliced : False where the figures have no channel, category or region: the bar then offers days alone
    through_today : whether presets end with today, which is not over, rather than with the last complete day
    needs_events : False where the page has something to say of a lake that holds a cloud bill alone
    """
    try:
        scope = reader.scope(viewer, title)
        contents = lake.contents(scope, also=[lake.CONSERVATION])  # the trust line's
        if contents.is_empty and (needs_events or not has_charges(scope)):
            raise LakeMissing(
                "The lake is empty",
                where=title,
                remedy="Fill it with the sample year or with your own data, then reload this page.",
            )
    except TakingsError:
        page.begin(title, question)
        with page.answer():
            raise
        st.stop()
    page.begin(title, question, is_sample=scope.is_sample)
    selection = filters.bar(
        filters.FilterOptions(
            contents.first_day or scope.today - DAYS_BACK,
            scope.today if through_today else contents.last_complete_day,
            contents.channels,
            contents.categories,
            contents.regions,
        ),
        sliced=sliced,
    )
    return Reading(scope, contents, selection, Slices(selection.channels, selection.categories, selection.regions))

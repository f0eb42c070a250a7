"""What insights and pages are given: a lake, the viewer who asks, and the way to ask."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import partial
from zoneinfo import ZoneInfo

from catalogue.binding import RowFilter, Statement, Values, bind_again
from catalogue.clock import utc_now
from catalogue.errors import UsageLimitReached
from catalogue.queries import Catalogue
from console.asking.cache import Asked, ResultCache, keep_waiting
from console.asking.engines import Result, SqlEngine, Statistics
from console.asking.engines.running import one_version, reporting_costs_to
from console.metering import Asker, Call, Meter, NoMeter


@dataclass(frozen=True)
class Question:
    """A query's name and its values."""

    query: str
    values: Values = field(default_factory=dict)


@dataclass(frozen=True)
class Scope:
    """A lake as one viewer sees it.

    Attributes
    ----------
    engines : engine by a query's ``source``: lake or warehouse
    row_filter : the regions this viewer may see
    reporting_currency, reporting_time_zone : the lake's settings; given to every query that declares them
    is_sample : whether the lake holds the sample year
    country : the country whose public holidays a forecast uses, ISO 3166
    now : the clock; a test gives its own
    meter : is given every question, what it cost and who asked
    asker : who asks, on which page
    check : called several times a second while an answer is waited for; what it raises ends the waiting, and the
        engine stops what nobody else waits for
    submitted : what `ahead` has asked already, by source and statement
    """

    engines: Mapping[str, SqlEngine]
    catalogue: Catalogue
    cache: ResultCache
    reporting_currency: str
    reporting_time_zone: str
    row_filter: RowFilter = field(default_factory=RowFilter)
    is_sample: bool = False
    country: str = "US"
    now: Callable[[], datetime] = utc_now
    meter: Meter = field(default_factory=NoMeter)
    asker: Asker = field(default_factory=Asker)
    check: Callable[[], None] = keep_waiting
    submitted: Mapping[tuple[str, str], Asked] = field(default_factory=dict, repr=False, compare=False)

    @property
    def today(self) -> date:
        """The current day in the lake's reporting time zone."""
        return self.day_of(self.now())

    def day_of(self, instant: datetime) -> date:
        """The day of an instant, which has a time zone, in the lake's reporting time zone."""
        return instant.astimezone(ZoneInfo(self.reporting_time_zone)).date()

    @property
    def data_as_of(self) -> datetime | None:
        """The largest ``received_at`` visible to a query."""
        return self.engines["lake"].data_as_of

    @property
    def data_version(self) -> str:
        """Changes whenever an answer could change."""
        return "+".join(sorted({engine.data_version for engine in self.engines.values()}))

    def ask(self, query: str, **values: object) -> Result:
        """Answer one question of the catalogue, from the cache where it was asked before.

        Raises as the catalogue, the binding and the engine do: CatalogueError, BindingError, SourceError.
        """
        return self._answer(self._start(query, values))

    def ask_all(self, questions: Sequence[Question]) -> list[Result]:
        """Answer several questions side by side, in the order given; the first failure is raised.

        All are submitted before the first is waited for; when one fails, the others are not waited for any more. All
        are asked of one version of the data.
        """
        asked: list[Asked] = []
        try:
            with one_version():
                for question in questions:
                    asked.append(self._start(question.query, question.values))
            return [self._answer(waiting) for waiting in asked]
        finally:
            for waiting in asked:
                waiting.leave()

    @contextmanager
    def ahead(self, questions: Sequence[Question]) -> Iterator[Scope]:
        """Submit questions that will be asked inside, one after the other or by several insights, all at once.

        Yields the scope to use inside: a question asked there takes the answer under way, with its cost. The others are
        not waited for.
        """
        submitted: dict[tuple[str, str], Asked] = {}
        try:
            with one_version():
                for question in questions:
                    place, _ = self._bound(question.query, question.values)
                    if place not in submitted and place not in self.submitted:
                        submitted[place] = self._start(question.query, question.values)
                yield replace(self, submitted={**self.submitted, **submitted})
        finally:
            for waiting in submitted.values():
                waiting.leave()

    def _answer(self, asked: Asked) -> Result:
        answer = asked.result(self.check)
        self._record(answer)
        return answer

    def _start(self, query: str, values: Mapping[str, object]) -> Asked:
        place, statement = self._bound(query, values)
        asked = self.submitted.get(place)
        if asked is not None and asked.is_waiting:
            return asked
        engine = self.engines[place[0]]
        with one_version() as seen:  # the answer's version is the key's
            key = (statement.dialect, statement.sql, engine.version_of(statement))

        def run() -> Result:
            with reporting_costs_to(partial(self._meter, query, rows=0)), one_version(seen):
                try:
                    return engine.run(statement)
                except UsageLimitReached:
                    _, again = self._bound(query, values)
                    if again.dialect == statement.dialect:  # no other engine stands in
                        raise
                    return engine.run(again)

        return self.cache.start(key, run, unclaimed=self._record)

    def _bound(self, query: str, values: Mapping[str, object]) -> tuple[tuple[str, str], Statement]:
        """The statement of a question, and its key in `submitted`."""
        definition = self.catalogue[query]
        engine = self.engines[definition.source]
        given: dict[str, object] = {
            "reporting_currency": self.reporting_currency,
            "reporting_time_zone": self.reporting_time_zone,
        }
        bound = {name: value for name, value in given.items() if name in definition.parameters} | dict(values)
        hashable = tuple(
            sorted((name, tuple(value) if isinstance(value, list) else value) for name, value in bound.items())
        )
        statement = bind_again(definition, hashable, engine.dialect, self.row_filter)
        return (definition.source, statement.sql), statement

    def _record(self, answer: Result) -> None:
        """Meter one answer."""
        self._meter(answer.query, answer.statistics, rows=answer.table.num_rows)

    def _meter(self, query: str, statistics: Statistics, *, rows: int) -> None:
        """Meter what a question cost, answered or not."""
        self.meter.record(
            Call(
                called_at=utc_now(),  # a test's clock may be stopped, the meter's is not
                viewer=self.asker.viewer,
                page=self.asker.page,
                kind="query",
                name=query,
                engine=statistics.engine,
                query_id=statistics.query_id,
                elapsed_seconds=0.0 if statistics.cached else statistics.elapsed_seconds,
                rows=rows,
                cached=statistics.cached,
                bytes_scanned=statistics.bytes_scanned,
                dollars=statistics.dollars,
                dollars_saved=statistics.dollars_saved,
            )
        )

"""Experiments, kept as items beside the models.

::

    pk          sk              what
    experiment  running         those that run, whole; changed only by a conditional write
    experiment  ended#<name>    one that has ended

A server reads one item. Whoever ends an experiment writes it as ended before it is taken out of those that run: one
that is broken off in between has changed nothing, and is done again. Whoever starts one reads what runs before what has
ended, and so sees a name in one of the two.
"""

from __future__ import annotations

import threading
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

import msgspec

from catalogue.clock import utc_now
from catalogue.errors import SettingsError, SourceError
from pipeline.live.documents import pack, unpack
from pipeline.recommend.experiments.checking import check
from pipeline.recommend.experiments.experiment import Experiment, Variant
from pipeline.recommend.models.items import Items, Key
from pipeline.recommend.models.model import SURFACES
from pipeline.recommend.models.named import RUNNING
from pipeline.recommend.models.stored_models import Pointer
from pipeline.recommend.models.versions import MOST_VERSIONS

PREVIOUS = "previous"  # as a variant's model: the version before the one in use
CACHE_SECONDS = 60.0  # after which a server knows what was started or ended
RETRY_SECONDS = 5.0  # after which a server asks again where the store did not answer
_PK, _ENDED = RUNNING[0], "ended#"
_Kept = TypeVar("_Kept")
_TRIES = 10  # of a conditional write: each one lost is one that another process has won
_LIST = "See `python -m pipeline recommend experiments list`."
_DAMAGED = (
    "Restore it from a backup. Or delete the item: what it says is lost, and customers get what they would without it."
)


class ModelVersions(Protocol):
    """What is asked of a store of models (`pipeline.recommend.models.stored_models.StoredModels`)."""

    def pointer(self) -> Pointer | None:
        """See `StoredModels.pointer`."""
        ...

    def keep(self, version: str) -> None:
        """See `ModelStore.keep`."""
        ...


class StoredExperiments:
    """The experiments in some items. Every method raises SourceError where these cannot be read or written.

    Parameters
    ----------
    models : the versions that a variant may name
    """

    def __init__(self, items: Items, models: ModelVersions, *, now: Callable[[], datetime] = utc_now) -> None:
        self._items, self._models, self._now = items, models, now

    def all(self) -> Sequence[Experiment]:
        """Every experiment, the newest first."""
        running = self.running()
        names = {experiment.name for experiment in running}
        kept = self._items.beginning(_PK, _ENDED)
        ended = (_unpacked((_PK, sk), packed, Experiment) for sk, packed in kept.items())
        found = [*running, *(experiment for experiment in ended if experiment.name not in names)]
        return sorted(found, key=lambda experiment: (experiment.started_at, experiment.name), reverse=True)

    def running(self) -> tuple[Experiment, ...]:
        """Those that have not ended."""
        return running_in(self._items)[1]

    def has_model(self) -> bool:
        """Whether a model is in use, without which there is nothing to compare."""
        return self._models.pointer() is not None

    def start(self, experiment: Experiment) -> Experiment:
        """Begin an experiment now; returns it as it runs, with the version of each model.

        Raises
        ------
        SettingsError
            It cannot be; one of that name was there; one runs on a surface that this one is about; or a model is not
            kept.
        """
        check(experiment)
        for _ in range(_TRIES):
            before, running = running_in(self._items)
            self._refuse_second(experiment, running)
            variants = tuple(self._with_version(experiment, variant) for variant in experiment.variants)
            begun = msgspec.structs.replace(experiment, variants=variants, started_at=self._now(), ended_at=None)
            versions = {variant.model for one in (*running, begun) for variant in one.variants if variant.model}
            if len(versions) > MOST_VERSIONS:
                raise SettingsError(
                    f"Experiment {experiment.name} would make {len(versions)} models answer beside the one in use",
                    remedy=f"Name at most {MOST_VERSIONS} in all that run: each takes memory in every server.",
                )
            for version in {variant.model for variant in variants if variant.model}:
                self._models.keep(version)
            if self._items.swap(RUNNING, before, pack((*running, begun))):
                return begun
        raise _lost_again()

    def end(self, name: str) -> Experiment:
        """End an experiment now; returns it.

        Raises
        ------
        SettingsError
            None of that name runs.
        """
        for _ in range(_TRIES):
            before, running = running_in(self._items)
            found = next((experiment for experiment in running if experiment.name == name), None)
            if found is None:
                raise self._not_running(name, running)
            # a clock that is behind that of the process which started it does not end it before that
            ended = msgspec.structs.replace(found, ended_at=max(self._now(), found.started_at))
            self._items.put_all([((_PK, _ENDED + name), pack(ended))])
            left = tuple(experiment for experiment in running if experiment is not found)
            if self._items.swap(RUNNING, before, pack(left)):
                return ended
        raise _lost_again()

    def _refuse_second(self, experiment: Experiment, running: Sequence[Experiment]) -> None:
        """Refuse a name that was there, and a surface that another experiment is about."""
        if any(other.name == experiment.name for other in running):
            raise SettingsError(f"Experiment {experiment.name} runs already", remedy=_LIST)
        former = self._ended(experiment.name)
        if former is not None:
            raise SettingsError(
                f"There was an experiment {experiment.name}, from {former.started_at:%Y-%m-%d} to"
                f" {former.ended_at:%Y-%m-%d}",
                remedy="Choose another name: with the same one, the same customers would be given the same variant.",
            )
        for other in running:
            shared = [surface for surface in surfaces_of(experiment) if surface in surfaces_of(other)]
            if shared:
                raise SettingsError(
                    f"Experiment {other.name} runs on {', '.join(shared)} since {other.started_at:%Y-%m-%d %H:%M} UTC,"
                    " and a surface has one at a time",
                    remedy=f"End it with `python -m pipeline recommend experiments end {other.name}`, or name other"
                    " surfaces.",
                )

    def _with_version(self, experiment: Experiment, variant: Variant) -> Variant:
        """The variant with the version that `PREVIOUS` means now."""
        if variant.model != PREVIOUS:
            return variant
        pointer = self._models.pointer()
        if pointer is None or pointer.previous is None:
            raise SettingsError(
                f"Variant {variant.name} of experiment {experiment.name} is about the model before the one in use, and"
                " there is none",
                remedy="Name a version: `python -m pipeline recommend models` lists them.",
            )
        return msgspec.structs.replace(variant, model=pointer.previous)

    def _ended(self, name: str) -> Experiment | None:
        key: Key = (_PK, _ENDED + name)
        packed = self._items.get(key)
        return _unpacked(key, packed, Experiment) if packed is not None else None

    def _not_running(self, name: str, running: Sequence[Experiment]) -> SettingsError:
        former = self._ended(name)
        if former is not None:
            return SettingsError(f"Experiment {name} has ended, at {former.ended_at:%Y-%m-%d %H:%M} UTC", remedy=_LIST)
        names = ", ".join(experiment.name for experiment in running)
        return SettingsError(
            f"No experiment {name[:80]!r} runs", remedy=f"These do: {names}." if names else "None does. " + _LIST
        )


class RunningExperiments:
    """The experiments that run, as a server knows them: read as a whole once in a while. Safe to use from threads.

    While they cannot be read, those read before go on; before the first reading there is none.

    Parameters
    ----------
    renew_after : seconds that they are good for
    clock : seconds that never go back
    failed : called with why they could not be read
    """

    def __init__(
        self,
        items: Items,
        *,
        renew_after: float = CACHE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
        failed: Callable[[SourceError], None] = lambda _: None,
    ) -> None:
        self._items, self._renew_after, self._clock, self._failed = items, renew_after, clock, failed
        self._by_surface: Mapping[str, Experiment] = {}
        self._next: float | None = None  # when to read again
        self._lock = threading.Lock()

    def concerning(self, surface: str) -> Experiment | None:
        """The experiment that runs on a surface. Raises nothing."""
        is_first = self._next is None
        # one thread reads; the others go on with what is known, but for the first time
        if (is_first or self._is_due()) and self._lock.acquire(blocking=is_first):
            try:
                if self._is_due():  # no other thread has just read them
                    self._renew()
            finally:
                self._lock.release()
        return self._by_surface.get(surface)

    def _is_due(self) -> bool:
        return self._next is None or self._clock() >= self._next

    def _renew(self) -> None:
        try:
            _, running = running_in(self._items)
        except SourceError as error:
            self._failed(error)
            self._next = self._clock() + min(RETRY_SECONDS, self._renew_after)
        else:
            self._by_surface = {surface: one for one in running for surface in surfaces_of(one)}
            self._next = self._clock() + self._renew_after


def surfaces_of(experiment: Experiment) -> Sequence[str]:
    """The surfaces that an experiment is about."""
    return experiment.surfaces or SURFACES


def running_in(items: Items) -> tuple[bytes | None, tuple[Experiment, ...]]:
    """The experiments that run, packed and unpacked.

    Raises
    ------
    SourceError
        They cannot be read, or are damaged.
    """
    packed = items.get(RUNNING)
    return packed, _unpacked(RUNNING, packed, tuple[Experiment, ...]) if packed is not None else ()


def _unpacked(key: Key, packed: bytes, kind: type[_Kept]) -> _Kept:
    try:
        return unpack(packed, kind)
    except (msgspec.MsgspecError, zlib.error) as error:
        where = f"item {key[0]}, {key[1]}"
        raise SourceError(f"What is kept of experiments is damaged: {error}", where=where, remedy=_DAMAGED) from error


def _lost_again() -> SourceError:
    return SourceError(
        f"Other processes changed the experiments {_TRIES} times meanwhile; nothing was changed",
        remedy="Look who does, and try again.",
    )

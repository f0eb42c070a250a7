"""What stays is passed over by the garbage collector; what goes is still collected."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from console.kit import gc_tuning


class Ring:
    """An object that only the collector can free."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


@pytest.mark.slow
def test_later_collections_pass_over_what_was_there() -> None:
    stays = Ring()
    gc_tuning.tune_garbage_collector()
    assert not any(found is stays for found in gc.get_objects())
    assert gc.get_freeze_count() > 10_000
    assert gc.get_threshold()[0] == gc_tuning.YOUNG_OBJECTS


@pytest.mark.slow
def test_what_comes_later_is_collected_as_ever() -> None:
    gc_tuning.tune_garbage_collector()
    gone = weakref.ref(Ring())
    gc.collect()
    assert gone() is None

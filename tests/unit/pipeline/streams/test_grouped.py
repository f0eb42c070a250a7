"""Group commit for coroutines: one write for all that wait, and one fate."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

import pytest

from catalogue.errors import StreamFull, StreamUnavailable
from pipeline.streams import Entry, Kind
from pipeline.streams.grouped import GroupedAppends


def entry(name: str) -> Entry:
    return Entry(Kind.EVENT, name, name.encode())


class HeldStream:
    """Notes each write, and lets it end when it is told to; a write with a named line fails."""

    def __init__(self) -> None:
        self.writes: list[list[bytes]] = []
        self.let_go = threading.Semaphore(0)
        self.failures: dict[bytes, Exception] = {}

    def append(self, entries: Sequence[Entry]) -> None:
        lines = [entry.line for entry in entries]
        self.writes.append(lines)
        assert self.let_go.acquire(timeout=20)
        for line in lines:
            if line in self.failures:
                raise self.failures[line]


async def until(condition: object) -> None:
    async with asyncio.timeout(20):
        while not condition():  # type: ignore[operator]
            await asyncio.sleep(0)


def test_whoever_comes_during_a_write_is_written_together_and_answered_only_then() -> None:
    stream = HeldStream()

    async def scenario() -> None:
        appends = GroupedAppends(stream)
        first = asyncio.create_task(appends.append([entry("a")]))
        await until(lambda: stream.writes == [[b"a"]])
        others = [asyncio.create_task(appends.append([entry(name)])) for name in ("b", "c", "d")]
        await asyncio.sleep(0)
        assert not first.done()
        stream.let_go.release()
        await first
        await until(lambda: len(stream.writes) == 2)
        assert not any(other.done() for other in others)
        stream.let_go.release()
        await asyncio.gather(*others)

    asyncio.run(scenario())
    assert stream.writes == [[b"a"], [b"b", b"c", b"d"]]


@pytest.mark.parametrize("failure", [StreamFull("The disk is full"), StreamUnavailable("fsync failed")])
def test_a_write_that_fails_fails_for_everybody_in_it_and_for_nobody_else(failure: Exception) -> None:
    stream = HeldStream()
    stream.failures[b"c"] = failure
    stream.let_go.release(3)

    async def scenario() -> list[BaseException | None]:
        appends = GroupedAppends(stream)
        together = await asyncio.gather(
            *(appends.append([entry(name)]) for name in ("b", "c", "d")), return_exceptions=True
        )
        await appends.append([entry("e")])
        return together

    assert [(type(error), str(error)) for error in asyncio.run(scenario())] == [(type(failure), str(failure))] * 3
    assert stream.writes == [[b"b", b"c", b"d"], [b"e"]]


def test_a_failure_without_a_name_acknowledges_nothing_and_the_next_group_is_written() -> None:
    stream = HeldStream()
    stream.failures[b"a"] = ZeroDivisionError("a mistake of ours")
    unnamed: list[str] = []

    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: unnamed.append(str(context.get("exception"))))
        appends = GroupedAppends(stream)
        first = asyncio.create_task(appends.append([entry("a")]))
        await until(lambda: len(stream.writes) == 1)
        second = asyncio.create_task(appends.append([entry("b")]))
        await asyncio.sleep(0)
        stream.let_go.release(2)
        with pytest.raises(StreamUnavailable, match="The write was broken off"):
            await first
        await second

    asyncio.run(scenario())
    assert stream.writes == [[b"a"], [b"b"]]

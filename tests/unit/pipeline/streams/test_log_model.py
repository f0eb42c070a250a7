"""The append log against a list: any order of appending, sealing, reading, deleting, reopening and dying."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from pipeline.streams import Entry, Kind
from pipeline.streams.frames import encode
from pipeline.streams.log import AppendLog
from pipeline.streams.segments import Position, numbers, path_of

entries = st.lists(
    st.builds(Entry, st.sampled_from(Kind), st.text(max_size=5), st.binary(max_size=60)), min_size=1, max_size=4
)


class LogMachine(RuleBasedStateMachine):
    """`stored` is what was acknowledged and not deleted; `read` is what one consumer has got so far."""

    def __init__(self) -> None:
        super().__init__()
        self.home = Path(tempfile.mkdtemp())
        self.generation = 0
        self.log = self.open()
        self.stored: list[Entry] = []
        self.deleted = 0
        self.read: list[Entry] = []
        self.position: str | None = None

    def open(self) -> AppendLog:
        return AppendLog(self.home / str(self.generation), segment_bytes=200, reserve_bytes=0)

    @rule(batch=entries)
    def append(self, batch: list[Entry]) -> None:
        self.log.append(batch)
        self.stored += batch

    @rule()
    def seal(self) -> None:
        self.log.seal()

    @rule(limit=st.integers(1, 6))
    def consume(self, limit: int) -> None:
        batch = self.log.read(self.position, limit)
        assert len(batch.entries) <= limit
        self.read += batch.entries
        self.position = batch.position

    @rule()
    def reopen(self) -> None:
        self.log.close()
        self.log = self.open()
        assert self.log.torn.bytes == 0

    @rule(batch=entries, share=st.floats(0, 1, exclude_max=True))
    def die_while_appending(self, batch: list[Entry], share: float) -> None:
        """The disk as a killed process leaves it: everything acknowledged, and some bytes of the next write."""
        old = self.log
        self.generation += 1
        copy = self.home / str(self.generation)
        shutil.copytree(old.folder, copy)
        old.close()
        shutil.rmtree(old.folder)
        frames = encode(batch)
        torn = frames[: int(share * len(frames))]
        with path_of(copy, numbers(copy)[-1]).open("ab") as file:
            file.write(torn)
        self.log = self.open()
        # entries that were whole already may stay, though nobody was told
        kept = 0
        while kept < len(batch) and len(encode(batch[: kept + 1])) <= len(torn):
            kept += 1
        assert self.log.torn.bytes == len(torn) - len(encode(batch[:kept]))
        self.stored += batch[:kept]

    @precondition(lambda self: self.position is not None)
    @rule()
    def release(self) -> None:
        gone = [n for n in numbers(self.log.folder) if n < Position.parse(self.position or "").segment]
        self.deleted += sum(len(self.log.read_segment(number).entries) for number in gone)
        assert self.log.release(self.position, keep_seconds=0, keep_bytes=0) == len(gone)

    @invariant()
    def everything_acknowledged_is_there_in_order(self) -> None:
        assert self.log.read(None, 10_000).entries == self.stored[self.deleted :]

    @invariant()
    def the_consumer_got_each_entry_once_in_order(self) -> None:
        assert self.read == self.stored[: len(self.read)]
        rest = self.log.read(self.position, 10_000).entries
        assert self.read + rest == self.stored

    def teardown(self) -> None:
        assert self.log.status.damage == ()
        self.log.close()
        shutil.rmtree(self.home)


LogMachine.TestCase.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
TestLogAgainstAList = LogMachine.TestCase

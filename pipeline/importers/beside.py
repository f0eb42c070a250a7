"""Checking rows in other processes, while this one reads and writes.

Batches go to the processes in turn and come back in the order of the file, so that what is written is what checking in
this process gives, to the byte. An importer whose events depend on earlier rows gets one process, which sees every row.
"""

from __future__ import annotations

import gc
import multiprocessing
import queue
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

from catalogue.errors import ImportFailed
from pipeline.contract.shape import Rules
from pipeline.importers.checking import Checked, RowChecker
from pipeline.importers.importer import Importer
from pipeline.importers.tables import Batch

_AHEAD = 2  # batches that may wait for each process: enough that none waits, and a few megabytes
_GARBAGE_EVERY = 500_000  # new objects: rows hold no cycles, and looking for some more often takes time for nothing


class CheckingProcesses:
    """Processes that have a `RowChecker` each. Use `checking_processes` to start and end them."""

    def __init__(self, connections: Sequence[Connection]) -> None:
        self._connections = connections
        self._answers: list[queue.SimpleQueue[Checked | BaseException]] = []
        for connection in connections:
            answers: queue.SimpleQueue[Checked | BaseException] = queue.SimpleQueue()
            self._answers.append(answers)
            # A thread of its own: with both sides sending, each would wait for the other to receive.
            threading.Thread(target=_receive, args=(connection, answers), daemon=True, name="checked rows").start()

    def begin_file(self, header: Sequence[str], digest: str) -> None:
        """See `RowChecker.begin_file`."""
        for connection in self._connections:
            _send(connection, ("begin_file", (list(header), digest)))

    def check_all(self, batches: Iterable[Batch]) -> Iterator[tuple[Batch, Checked]]:
        """Each batch with what it became, in order."""
        waiting: deque[tuple[int, Batch]] = deque()
        count = len(self._connections)
        for number, batch in enumerate(batches):
            _send(self._connections[number % count], ("check", (batch.rows,)))
            waiting.append((number % count, batch))
            if len(waiting) > _AHEAD * count:
                yield self._answered(*waiting.popleft())
        while waiting:
            yield self._answered(*waiting.popleft())

    def _answered(self, process: int, batch: Batch) -> tuple[Batch, Checked]:
        answer = self._answers[process].get()
        if isinstance(answer, EOFError | OSError):
            raise _ended() from answer
        if isinstance(answer, BaseException):
            raise answer
        return batch, answer


@contextmanager
def checking_processes(count: int, importer: Importer, rules: Rules) -> Iterator[CheckingProcesses]:
    """Start the processes, and end them with the block. They end by themselves when this process is killed."""
    context = multiprocessing.get_context("spawn")  # a fork would copy the locks that pyarrow's threads hold
    with ExitStack() as running:
        connections = []
        for _ in range(count):
            ours, theirs = context.Pipe()
            process = context.Process(target=_serve, args=(theirs, importer, rules), daemon=True, name="check rows")
            process.start()
            theirs.close()
            running.callback(_end, process, ours)
            connections.append(ours)
        yield CheckingProcesses(connections)


def _end(process: BaseProcess, connection: Connection) -> None:
    process.terminate()
    process.join()
    connection.close()


def _send(connection: Connection, message: Any) -> None:
    try:
        connection.send(message)
    except (BrokenPipeError, ConnectionResetError) as error:
        raise _ended() from error


def _receive(connection: Connection, answers: queue.SimpleQueue[Checked | BaseException]) -> None:
    try:
        while True:
            answers.put(connection.recv())
    except (EOFError, OSError) as error:
        answers.put(error)


def _serve(connection: Connection, importer: Importer, rules: Rules) -> None:
    """Answer each batch until nobody asks any more."""
    checker = RowChecker(importer, rules)
    gc.set_threshold(_GARBAGE_EVERY)
    try:
        while True:
            name, arguments = connection.recv()
            if name == "begin_file":
                checker.begin_file(*arguments)
                continue
            try:
                answer: Checked | Exception = checker.check(*arguments)
            except Exception as error:  # noqa: BLE001 - raised where the import is
                answer = error
            connection.send(answer)
    except (EOFError, BrokenPipeError, ConnectionResetError, KeyboardInterrupt):
        return


def _ended() -> ImportFailed:
    remedy = "Something ended it, such as a lack of memory. Import again."
    return ImportFailed("The process that checks rows ended", where="import", remedy=remedy)

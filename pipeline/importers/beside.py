"""Checking rows in other processes, while this one reads and writes.

Batches go to the processes in turn and come back in the order of the file, so that what is written is what checking in
this process gives, to the byte. An importer whose events depend on earlier rows gets one process, which sees every row.
"""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from itertools import cycle
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

from catalogue.errors import ImportFailed
from pipeline.contract.shape import Rules
from pipeline.importers.checking import Checked, RowChecker, rare_garbage_collection
from pipeline.importers.importer import Importer
from pipeline.importers.tables import Batch


class CheckingProcesses:
    """Processes that have a `RowChecker` each. Use `checking_processes` to start and end them."""

    def __init__(self, connections: Sequence[Connection]) -> None:
        self._connections = connections

    def begin_file(self, header: Sequence[str], digest: str) -> None:
        """See `RowChecker.begin_file`."""
        for connection in self._connections:
            _send(connection, ("begin_file", (list(header), digest)))

    def check_all(self, batches: Iterable[Batch]) -> Iterator[tuple[Batch, Checked]]:
        """Each batch with what it became, in order."""
        # Each process has one batch, and waits for the next one when that is sent: never do both sides send. The next
        # batch is read while it works, and sent before its answer is written.
        waiting: deque[tuple[Connection, Batch]] = deque()
        for batch, connection in zip(batches, cycle(self._connections), strict=False):
            done = None
            if len(waiting) == len(self._connections):
                _, earlier = waiting.popleft()
                done = earlier, _receive(connection)
            _send(connection, ("check", (batch.rows,)))
            waiting.append((connection, batch))
            if done is not None:
                yield done
        for connection, batch in waiting:
            yield batch, _receive(connection)


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


def _receive(connection: Connection) -> Checked:
    try:
        answer = connection.recv()
    except (EOFError, ConnectionResetError) as error:
        raise _ended() from error
    if isinstance(answer, BaseException):
        raise answer
    return answer  # type: ignore[no-any-return]


def _serve(connection: Connection, importer: Importer, rules: Rules) -> None:
    """Answer each batch until nobody asks any more."""
    checker = RowChecker(importer, rules)
    with suppress(EOFError, BrokenPipeError, ConnectionResetError, KeyboardInterrupt), rare_garbage_collection():
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


def _ended() -> ImportFailed:
    remedy = "Something ended it, such as a lack of memory. Import again."
    return ImportFailed("The process that checks rows ended", where="import", remedy=remedy)

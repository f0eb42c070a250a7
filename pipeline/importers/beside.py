"""Checking rows in a second process, while this one reads and writes: an import is as fast as the slower of the two.

One process, not more: it sees every row in the order of the file, so importers may count rows, and what comes out is
exactly what checking in this process gives.
"""

from __future__ import annotations

import multiprocessing
import queue
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from catalogue.errors import ImportFailed
from pipeline.contract.shape import Rules
from pipeline.importers.checking import Checked, RowChecker
from pipeline.importers.importer import Importer
from pipeline.importers.tables import Batch

_AHEAD = 4  # batches that may wait for the other process: enough that neither waits, and a few megabytes
_Pending = TypeVar("_Pending", bound=Batch)


class CheckingProcess:
    """A `RowChecker` in another process. Use `checking_process` to start and end one."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._answers: queue.SimpleQueue[Checked | BaseException] = queue.SimpleQueue()
        # A thread of its own: with both sides sending, each would wait for the other to receive.
        threading.Thread(target=self._receive, daemon=True, name="checked rows").start()

    def begin_file(self, header: Sequence[str], digest: str) -> None:
        """See `RowChecker.begin_file`."""
        self._send(("begin_file", (list(header), digest)))

    def check_all(self, batches: Iterable[Batch]) -> Iterator[tuple[Batch, Checked]]:
        """Each batch with what it became, in order."""
        waiting: deque[Batch] = deque()
        for batch in batches:
            self._send(("check", (batch.rows,)))
            waiting.append(batch)
            if len(waiting) > _AHEAD:
                yield waiting.popleft(), self._answer()
        while waiting:
            yield waiting.popleft(), self._answer()

    def _send(self, message: Any) -> None:
        try:
            self._connection.send(message)
        except (BrokenPipeError, ConnectionResetError) as error:
            raise _ended() from error

    def _answer(self) -> Checked:
        answer = self._answers.get()
        if isinstance(answer, EOFError | OSError):
            raise _ended() from answer
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def _receive(self) -> None:
        try:
            while True:
                self._answers.put(self._connection.recv())
        except (EOFError, OSError) as error:
            self._answers.put(error)


@contextmanager
def checking_process(importer: Importer, rules: Rules) -> Iterator[CheckingProcess]:
    """Start the process, and end it with the block. It ends by itself when this process is killed."""
    context = multiprocessing.get_context("spawn")  # a fork would copy the locks that pyarrow's threads hold
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, importer, rules), daemon=True, name="import: check rows")
    process.start()
    theirs.close()
    try:
        yield CheckingProcess(ours)
    finally:
        process.terminate()
        process.join()
        ours.close()


def _serve(connection: Connection, importer: Importer, rules: Rules) -> None:
    """Answer each batch until nobody asks any more."""
    checker = RowChecker(importer, rules)
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

"""Read ahead: the next batches are made in a thread while the last one is being written."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")

_AHEAD = 8  # batches of some ten megabytes


def ahead(items: Iterable[Item], most: int = _AHEAD) -> Iterator[Item]:
    """The same items in the same order, made up to `most` ahead; what the maker raises is raised here.

    The maker stops when the reader does.
    """
    waiting: queue.Queue[tuple[bool, Item | BaseException | None]] = queue.Queue(most)
    stopped = threading.Event()

    def hand(entry: tuple[bool, Item | BaseException | None]) -> None:
        while not stopped.is_set():
            try:
                waiting.put(entry, timeout=0.1)
            except queue.Full:
                continue
            return

    def make() -> None:
        try:
            for item in items:
                if stopped.is_set():
                    return
                hand((True, item))
            hand((False, None))
        except BaseException as error:  # noqa: BLE001 - handed to the reader, whoever it is for
            hand((False, error))

    maker = threading.Thread(target=make, name="read-ahead", daemon=True)
    maker.start()
    try:
        while True:
            is_item, content = waiting.get()
            if is_item:
                yield content  # type: ignore[misc]
            elif content is None:
                return
            else:
                raise content  # type: ignore[misc]
    finally:
        stopped.set()
        maker.join()

"""Read ahead: the next batches are made in a thread while the last one is being written."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")

_AHEAD = 8  # batches of some ten megabytes
_END = object()


def ahead(items: Iterable[Item], most: int = _AHEAD) -> Iterator[Item]:
    """The same items in the same order, made up to `most` ahead; what the maker raises is raised here.

    The maker stops when the reader does.
    """
    maker, source = ThreadPoolExecutor(1, thread_name_prefix="read-ahead"), iter(items)
    try:
        waiting = deque(maker.submit(next, source, _END) for _ in range(most))
        while (item := waiting.popleft().result()) is not _END:
            waiting.append(maker.submit(next, source, _END))
            yield item  # type: ignore[misc]
    finally:
        maker.shutdown(cancel_futures=True)

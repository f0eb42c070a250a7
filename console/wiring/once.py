"""A property that is made once for all threads."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    made_once = property
else:

    class made_once:  # noqa: N801 - used as a decorator
        """Like `functools.cached_property`, and still made once when several readers open pages at the same time."""

        def __init__(self, make: Callable[[Any], Any]) -> None:
            self._make = make
            self._lock = threading.RLock()
            self.__doc__ = make.__doc__

        def __set_name__(self, owner: type, name: str) -> None:
            self._name = name

        def __get__(self, instance: Any, owner: type | None = None) -> Any:
            if instance is None:
                return self
            with self._lock:
                if self._name not in vars(instance):
                    vars(instance)[self._name] = self._make(instance)
                return vars(instance)[self._name]

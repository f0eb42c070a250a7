"""What a double answers in its service's place when a test says so: throttling, missing rights, a broken service."""

from __future__ import annotations

import threading
from collections import defaultdict, deque

from moto.core.exceptions import JsonRESTError


class Refusals:
    """Answers laid out in advance, each used once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._planned: dict[str, deque[tuple[str, str, int]]] = defaultdict(deque)

    def plan(self, operation: str, code: str, message: str = "Refused.", *, status: int = 400, times: int = 1) -> None:
        """Let the next `times` calls of an operation (``start_query_execution``) fail with an AWS error code."""
        with self._lock:
            self._planned[operation] += [(code, message, status)] * times

    def check(self, operation: str) -> None:
        """Raise what is planned for this call, if anything."""
        with self._lock:
            planned = self._planned[operation]
            if not planned:
                return
            code, message, status = planned.popleft()
        refusal = JsonRESTError(code, message)
        refusal.code = status
        raise refusal

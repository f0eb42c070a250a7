"""The one place that makes boto3 clients: each is made once, and its throttled calls are tried again by botocore.

    clients = connect("eu-central-1")
    athena, billing = clients.client("athena"), clients.client("ce", "us-east-1")

What such a client raises becomes one of our errors in `console.aws.failures`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from console.aws.failures import translate_errors

# Of one call. With botocore's jittered exponential waits these take about half a minute of a busy service.
ATTEMPTS = 6
CONNECT_SECONDS = 5
READ_SECONDS = 30
CONNECTIONS = 32  # tiles of some readers at once
REMEMBERED = {"athena": "GetWorkGroup"}
REMEMBERED_SECONDS = 60.0


def connect(region: str | None = None) -> SharedClients:
    """Clients with the credentials of this process, in a region; AWS is not asked yet.

    Raises QueryFailed where the profile that the environment names does not exist.
    """
    import boto3

    with translate_errors("AWS", "AWS_PROFILE"):
        return SharedClients(boto3.Session(region_name=region))


class SharedClients:
    """A boto3 session that makes each client once, for all threads.

    A boto3 client may be used by several threads, but making clients in several threads at once is not safe.
    awswrangler takes this for a session; it asks for a client with every call.
    """

    def __init__(self, session: Any) -> None:
        self._session: Any = session._session if isinstance(session, SharedClients) else session
        self._lock = threading.Lock()
        self._clients: dict[tuple[str, str | None], Any] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    def client(self, service_name: str, region_name: str | None = None, **options: Any) -> Any:
        """The client of a service, in the session's region where none is named.

        Of `options`, those of ``boto3.Session.client``, only ``endpoint_url`` counts; the others are ours.
        """
        from botocore.config import Config

        config = Config(
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            max_pool_connections=CONNECTIONS,
        )
        key = (service_name, region_name)
        with self._lock:
            if key not in self._clients:
                client = self._session.client(
                    service_name, region_name=region_name, endpoint_url=options.get("endpoint_url"), config=config
                )
                client.meta.events.register("after-call.athena", _end_retries)
                if service_name in REMEMBERED:
                    Memory().watch(client, REMEMBERED[service_name])
                self._clients[key] = client
            return self._clients[key]


def _end_retries(parsed: dict[str, Any], **_: Any) -> None:
    """Rename a throttling error that botocore gave up on, so that awswrangler does not try again.

    It would ask five times more for each attempt of botocore, up to two minutes, and could not be stopped meanwhile.
    """
    error = parsed.get("Error", {})
    if error.get("Code") == "ThrottlingException":
        error["Code"] = "TooManyRequestsException"


class Memory:
    """A cache of the answers to one operation that seldom change, kept for a minute.

    awswrangler asks for the workgroup before every statement, which takes a tenth of a second for each tile and counts
    towards a quota. The cache uses botocore's events: an answer to ``before-call`` replaces the request.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._answers: dict[bytes, tuple[float, tuple[Any, Any]]] = {}

    def watch(self, client: Any, operation: str) -> None:
        """Remember the answers that a client gets to an operation."""
        event = f"{client.meta.service_model.service_id.hyphenize()}.{operation}"
        client.meta.events.register(f"before-call.{event}", self._before)
        client.meta.events.register(f"after-call.{event}", self._after)

    def _before(self, params: dict[str, Any], context: dict[str, Any], **_: Any) -> tuple[Any, Any] | None:
        asked_at, answer = self._answers.get(params["body"], (-REMEMBERED_SECONDS, (None, None)))
        if self._clock() - asked_at < REMEMBERED_SECONDS:
            return answer
        context["takings_asked"] = (params["body"], self._clock())
        return None

    def _after(self, http_response: Any, parsed: Any, context: dict[str, Any], **_: Any) -> None:
        asked = context.pop("takings_asked", None)
        if asked is not None and http_response.status_code < 300:
            self._answers[asked[0]] = (asked[1], (http_response, parsed))

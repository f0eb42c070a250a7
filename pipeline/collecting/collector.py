"""The collector: a request in, entries on the stream, a verdict per event out. Pure but for its ports.

The HTTP server and the Lambda handler both call `Collector.answer`; `ENDPOINTS` says what is taken where.

Nothing is acknowledged before `Stream.append` has returned: a 202 means *stored*. Refused records take the same way,
so that ``received = accepted + duplicates + quarantined`` holds of what the stream holds. A request is stored whole or
refused whole; one that is refused whole (4xx, 503) counts as not received, and may be sent again.
"""

from __future__ import annotations

import logging
import math
import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from hashlib import blake2b
from itertools import repeat
from typing import NoReturn

from catalogue.clock import utc_now
from catalogue.errors import SettingsError, StreamFull, StreamUnavailable
from pipeline.collecting.endpoints import ENDPOINTS, Endpoint
from pipeline.collecting.envelope import Problem, Request, Response, check_head, json_response, unpack, write_key
from pipeline.collecting.keys import Keys, WriteKey, key_of_alias, webhook_key
from pipeline.collecting.limits import TokenBuckets
from pipeline.collecting.recent import RecentIds, identities
from pipeline.contract import batches
from pipeline.contract.batches import SentBatch
from pipeline.contract.rejections import quarantine_line
from pipeline.contract.shape import Rules
from pipeline.streams import Entry, Kind, Stream

RATE, BURST = 50_000, 200_000  # records a second and at once, of one key: above what one process can store
PREFLIGHT_AGE = 24 * 60 * 60  # seconds for which a browser need not ask again
MOST_TOLD = 100  # origins that are told of in the log
RETRY_AFTER = 1  # seconds: a full or lost stream is usually back as soon as it is

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Admitted:
    """A request whose head is in order: the endpoint it goes to, and the write key it was sent with.

    `key` is None where only the body can hold the write key.
    """

    endpoint: Endpoint
    key: WriteKey | None


class Collector:
    """Answers requests that bring events. Safe to use from several threads.

    Parameters
    ----------
    stream : takes the entries; durable when `append` returns
    keys : finds the write key of a secret
    reporting_currency, retention_days, fractional_quantities, largest_amount : the lake's
        (`pipeline.lake.LakeSettings`)
    origins : pages that may send from a browser, such as ``https://shop.example``; ``*`` for every page
    recent : ids received lately; hand one in that has recalled the stream
    limits : how much a key may send
    note : called after each stored request, as ``note(accepted=…, duplicates=…, quarantined=…)``
    now : aware instant of reception
    """

    def __init__(
        self,
        stream: Stream,
        keys: Keys,
        *,
        reporting_currency: str,
        retention_days: int | None,
        fractional_quantities: bool = False,
        largest_amount: Decimal | None = None,
        origins: Collection[str] = (),
        recent: RecentIds | None = None,
        limits: TokenBuckets | None = None,
        note: Callable[..., None] | None = None,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._stream, self._keys = stream, keys
        self._currency, self._retention = reporting_currency, retention_days
        self._fractions, self._largest = fractional_quantities, largest_amount
        self._origins = frozenset(origins)
        self._recent = recent or RecentIds()
        self._limits = limits or TokenBuckets(RATE, BURST)
        self._note = note
        self._now = now
        self._counts: Counter[str] = Counter()
        self._told: set[str] = set()
        self._lock = threading.Lock()

    def counts(self) -> dict[str, int]:
        """Received, accepted, duplicates, quarantined, ignored, rounded; and answers by status (``http_202``)."""
        with self._lock:
            return dict(self._counts)

    def answer(self, request: Request) -> Response:
        """Answer one request. Raises nothing that a request could cause."""
        admitted = self.admit(request)
        return admitted if isinstance(admitted, Response) else self.store(request, admitted)

    def admit(self, request: Request) -> Admitted | Response:
        """Check the head of a request; a Response where that is the answer already: a preflight's, or a refusal.

        A server calls it before it reads the body, and hands the result to `store` with the body: the write key is
        looked up once.
        """
        if request.method == "OPTIONS" and request.path in ENDPOINTS:
            return self._finish(request, self._preflight(request))
        try:
            return self._check(request)
        except Problem as problem:
            return self._finish(request, problem.response())

    def store(self, request: Request, admitted: Admitted) -> Response:
        """Answer a request that `admit` let pass, now with its body. Raises nothing that a request could cause."""
        try:
            response = self._store(request, admitted)
        except Problem as problem:
            response = problem.response()
        return self._finish(request, response)

    def _check(self, request: Request) -> Admitted | Response:
        endpoint = ENDPOINTS.get(request.path)
        if endpoint is None:
            raise Problem(404, "not_found", "There is nothing here; events go to /v1/events.")
        if request.method not in endpoint.methods:
            allowed = ", ".join((*endpoint.methods, "OPTIONS"))
            raise Problem(405, "method_not_allowed", f"Send events with {endpoint.methods[-1]}.", {"allow": allowed})
        key = self._key(request, endpoint)
        if endpoint.webhook is not None and endpoint.webhook.is_ping(request):
            return self._finish(request, json_response(200, {"success": True}))
        check_head(request.headers)
        return Admitted(endpoint, key)

    def _key(self, request: Request, endpoint: Endpoint) -> WriteKey | None:
        """The key that a request is sent with; None where its body may still hold it."""
        if endpoint.webhook is not None:
            name = request.query.get("id", "")
            with _reading_keys():
                key = webhook_key(self._keys.all(), name, endpoint.webhook.system, self._now())
            if key is None:
                raise _unsigned("The address names no webhook key that is valid")
            return key
        secret = write_key(request, endpoint.key_parameter)
        if not secret and endpoint.alias_parameter:
            with _reading_keys():
                key = key_of_alias(self._keys.all(), request.query.get(endpoint.alias_parameter, ""), self._now())
            return key or _no_key("")
        return self._find(secret) if secret or endpoint.secret_in is None else None

    def _find(self, secret: str) -> WriteKey:
        """The key with this secret."""
        with _reading_keys():
            key = self._keys.find(secret) if secret else None
        return key or _no_key(secret)

    def _store(self, request: Request, admitted: Admitted) -> Response:
        endpoint, key = admitted.endpoint, admitted.key
        if endpoint.webhook is not None and not (key and endpoint.webhook.is_signed(request, key.signing_secret)):
            raise _unsigned("The signature is missing or wrong")
        body = unpack(request.body, request.headers)
        if key is None:
            key = self._find(endpoint.secret_in(body) if endpoint.secret_in else "")
        rules = Rules(
            now=self._now(),
            retention_days=self._retention,
            reporting_currency=self._currency,
            namespace=key.namespace,
            public=key.public,
            fractional_quantities=self._fractions,
            largest_amount=self._largest,
        )
        try:
            batch = endpoint.read(body, rules, request)
        except batches.TooMany as error:
            message = f"A request may bring {batches.MAX_RECORDS} records; send them in several."
            raise Problem(413, "too_many_records", message) from error
        except batches.Unreadable as error:
            raise Problem(400, "unreadable", str(error)) from error
        wait = self._limits.take(key.id, max(1, batch.received + batch.ignored))
        if wait > 0:
            headers = {"retry-after": str(math.ceil(wait))}
            raise Problem(429, "too_many_requests", "This key has sent too much; try again later.", headers)
        duplicates = self._append(batch, rules, endpoint.source, origin=key.source)
        self._count(batch, duplicates)
        return endpoint.answer(batch, duplicates)

    def _append(self, batch: SentBatch, rules: Rules, source: str, *, origin: str) -> set[int]:
        """Put a batch on the stream; returns the places, among the valid events, of the duplicates."""
        entries = list(map(Entry, repeat(Kind.EVENT), batch.keys, batch.lines))
        for record, refusal in batch.refused.values():
            line = quarantine_line(
                record,
                refusal,
                origin=origin,
                received_at=rules.now,
                source=source,
                namespace=rules.namespace,
                public=rules.public,
            )
            entries.append(Entry(Kind.REFUSED, blake2b(record, digest_size=8).hexdigest(), line))
        names = identities(rules.namespace, batch.ids)
        duplicates = self._recent.claim(names)
        if not entries:
            return duplicates
        stored = False
        try:
            self._stream.append(entries)
            stored = True
        except StreamFull as error:
            raise _unavailable("stream_full", error.what) from error
        except StreamUnavailable as error:
            raise _unavailable("stream_unavailable", error.what) from error
        finally:
            if not stored:
                self._recent.release([name for place, name in enumerate(names) if place not in duplicates])
        return duplicates

    def _count(self, batch: SentBatch, duplicates: Collection[int]) -> None:
        counts = {
            "accepted": len(batch.ids) - len(duplicates),
            "duplicates": len(duplicates),
            "quarantined": len(batch.refused),
        }
        with self._lock:
            self._counts.update(counts, received=batch.received, ignored=batch.ignored, rounded=batch.rounded)
        if self._note is not None:
            self._note(**counts)

    def _finish(self, request: Request, response: Response) -> Response:
        """Count an answer, and add the headers that let a page of an allowed origin read it."""
        with self._lock:
            self._counts[f"http_{response.status}"] += 1
        origin = request.headers.get("origin")
        if origin is None:
            return response
        if not {origin, "*"} & self._origins:
            self._tell_of(origin, request.headers.get("host", ""))
        if not self._origins:
            return response
        shared = {"vary": "origin"}
        if origin in self._origins or "*" in self._origins:
            shared["access-control-allow-origin"] = origin
            shared["access-control-expose-headers"] = "retry-after"
        return Response(response.status, {**response.headers, **shared}, response.body)

    def _tell_of(self, origin: str, host: str) -> None:
        """Say once in the log that pages of an origin send here and are not named; of so many origins, not of more."""
        if origin.partition("://")[2] == host:
            return  # a page of this very server
        with self._lock:
            if origin in self._told or len(self._told) >= MOST_TOLD:
                return
            self._told.add(origin)
        _LOG.warning(
            "A page of %r sends here, and its browser may not: add the origin to TAKINGS_ORIGINS to allow it.",
            origin[:200],
        )

    def _preflight(self, request: Request) -> Response:
        """The answer to a browser that asks whether its page may send; `_finish` adds the header that says yes."""
        if not {request.headers.get("origin"), "*"} & self._origins:
            return Response(204)
        return Response(
            204,
            {
                "access-control-allow-methods": ", ".join(ENDPOINTS[request.path].methods),
                "access-control-allow-headers": "authorization, content-type, content-encoding, x-write-key,"
                " x-retry-count, anonymousid",  # what Segment's and RudderStack's libraries add
                "access-control-max-age": str(PREFLIGHT_AGE),
            },
        )


@contextmanager
def _reading_keys() -> Iterator[None]:
    try:
        yield
    except SettingsError as error:
        raise _unavailable("keys_unavailable", error.what) from error


def _no_key(secret: str) -> NoReturn:
    message = "The write key is wrong or has ended." if secret else "The write key is missing."
    raise Problem(
        401,
        "unauthorized",
        f"{message} Send it as Authorization: Bearer KEY; `python -m pipeline keys` makes one.",
        {"www-authenticate": 'Bearer realm="takings"'},
    )


def _unsigned(what: str) -> Problem:
    return Problem(
        401,
        "unauthorized",
        f"{what}. `python -m pipeline keys create SOURCE --webhook SYSTEM` makes the address, with the signing secret.",
        {"www-authenticate": 'Signature realm="takings"'},
    )


def _unavailable(code: str, what: str) -> Problem:
    return Problem(503, code, f"{what}. Nothing was stored; send it again.", {"retry-after": str(RETRY_AFTER)})

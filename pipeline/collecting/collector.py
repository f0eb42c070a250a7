"""The collector: a request in, entries on the stream, a verdict per event out. Pure but for its ports.

The HTTP server and the Lambda handler both call `Collector.answer`; `ENDPOINTS` says what is taken where.

Nothing is acknowledged before `Stream.append` has returned: a 202 means *stored*. Refused records take the same way,
so that ``received = accepted + duplicates + quarantined`` holds of what the stream holds. A request is stored whole or
refused whole; one that is refused whole (4xx, 503) counts as not received, and may be sent again.
"""

from __future__ import annotations

import math
import threading
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial
from hashlib import blake2b
from itertools import repeat

from catalogue.clock import utc_now
from catalogue.errors import StreamFull, StreamUnavailable, TakingsError
from pipeline.collecting.authentication import Authentication, check_signature
from pipeline.collecting.endpoints import ENDPOINTS, Endpoint
from pipeline.collecting.envelope import Problem, Request, Response, check_head, json_response, unavailable, unpack
from pipeline.collecting.keys import Keys, WriteKey
from pipeline.collecting.known_customers import KnownCustomers
from pipeline.collecting.limits import TokenBuckets, network_of
from pipeline.collecting.origins import Origins
from pipeline.collecting.recent import RecentIds, identities
from pipeline.contract import batches
from pipeline.contract.batches import SentBatch
from pipeline.contract.rejections import quarantine_line
from pipeline.contract.shape import Rules
from pipeline.streams import Entry, Kind, Stream

RATE, BURST = 50_000, 200_000  # records a second and at once, of one key: above what one process can store
# The same of one network that sends with a public key: more than any visitor makes by hand, and enough for an office
# or a mobile network whose visitors share an address; a page sends a few events a minute.
NETWORK_RATE, NETWORK_BURST = 200, 2_000
_BROKEN_OFF = StreamUnavailable("The write was broken off")


@dataclass(frozen=True, slots=True)
class Admitted:
    """A request whose head is in order: the endpoint it goes to, and the write key it was sent with.

    `key` is None where only the body can hold the write key.
    """

    endpoint: Endpoint
    key: WriteKey | None


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request whose body was read, and whose entries are to be stored.

    Attributes
    ----------
    names : identities of the valid events
    duplicates : places, among the valid events, of those that were received before
    """

    endpoint: Endpoint
    key: WriteKey
    batch: SentBatch
    entries: list[Entry]
    names: list[str]
    duplicates: Collection[int]

    def counts(self) -> dict[str, int]:
        """Accepted, duplicates and quarantined."""
        return {
            "accepted": len(self.batch.ids) - len(self.duplicates),
            "duplicates": len(self.duplicates),
            "quarantined": len(self.batch.refused),
        }


class Collector:
    """Answers requests that bring events. Safe to use from several threads.

    Parameters
    ----------
    stream : takes the entries; durable when `append` returns
    keys : finds the write key of a secret
    reporting_currency, retention_days, fractional_quantities, largest_amount : the lake's
        (`pipeline.lake.LakeSettings`)
    origins : pages that may send from a browser, such as ``https://shop.example``; ``*`` for every page
    customers : remembers which customer an anonymous id belongs to; without it nobody is joined
    recent : ids received lately; hand one in that has recalled the stream
    limits : how much a key may send
    network_limits : how much one network may send with a public key
    note : called after each stored request, as ``note(accepted=…, duplicates=…, quarantined=…)``
    failed : called with why a request could not be stored, or its customer not be looked up; the sender gets less of it
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
        customers: KnownCustomers | None = None,
        recent: RecentIds | None = None,
        limits: TokenBuckets | None = None,
        network_limits: TokenBuckets | None = None,
        note: Callable[..., None] | None = None,
        failed: Callable[[TakingsError], None] = lambda _: None,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self.stream, self._customers = stream, customers
        self._authentication = Authentication(keys, now)
        self._currency, self._retention = reporting_currency, retention_days
        self._fractions, self._largest = fractional_quantities, largest_amount
        self._origins = Origins(origins)
        self._recent = recent or RecentIds()
        self._limits = TokenBuckets(RATE, BURST) if limits is None else limits
        self._network_limits = TokenBuckets(NETWORK_RATE, NETWORK_BURST) if network_limits is None else network_limits
        self._note, self._failed = note, failed
        self._now = now
        self._counts: Counter[str] = Counter()
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
            return self._finish(request, self._origins.preflight(request, ENDPOINTS[request.path].methods))
        try:
            return self._check(request)
        except Problem as problem:
            return self.refuse(request, problem)

    def store(self, request: Request, admitted: Admitted) -> Response:
        """Answer a request that `admit` let pass, now with its body. Raises nothing that a request could cause."""
        prepared = self.prepare(request, admitted)
        if isinstance(prepared, Response):
            return prepared
        failure: TakingsError | None = _BROKEN_OFF
        try:
            if prepared.entries:
                self.stream.append(prepared.entries)
            failure = None
        except (StreamFull, StreamUnavailable) as error:
            failure = error
        finally:
            response = self.complete(request, prepared, failure)
        return response

    def prepare(self, request: Request, admitted: Admitted) -> Prepared | Response:
        """Read the body of a request that `admit` let pass, and claim its ids; a Response where it is refused.

        For a server that stores the entries of several requests together: whoever prepares a request must append its
        entries to `stream`, and call `complete` whatever comes of it.
        """
        try:
            return self._prepare(request, admitted)
        except Problem as problem:
            return self.refuse(request, problem)

    def complete(self, request: Request, prepared: Prepared, failure: TakingsError | None) -> Response:
        """Answer a request whose entries were stored, or not, which is the `failure`: its ids are then free again."""
        batch, duplicates = prepared.batch, prepared.duplicates
        if failure is not None:
            self._recent.release([name for place, name in enumerate(prepared.names) if place not in duplicates])
            self._failed(failure)
            code = "stream_full" if isinstance(failure, StreamFull) else "stream_unavailable"
            return self.refuse(request, unavailable(code, failure.what))
        self._count(prepared)
        try:
            # after the entries: a link is of what was received
            if self._customers is not None and batch.links:
                self._customers.link(prepared.key.namespace, batch.links)
        except StreamUnavailable as error:
            self._failed(error)
            remedy = "The events were stored; send them again with the same ids, for the customer's."
            return self.refuse(request, unavailable("customers_unavailable", error.what, remedy))
        return self._finish(request, prepared.endpoint.answer(batch, duplicates))

    def refuse(self, request: Request, problem: Problem) -> Response:
        """Answer a request that is refused as a whole."""
        return self._finish(request, problem.response())

    def _check(self, request: Request) -> Admitted | Response:
        endpoint = ENDPOINTS.get(request.path)
        if endpoint is None:
            raise Problem(404, "not_found", "There is nothing here; events go to /v1/events.")
        if request.method not in endpoint.methods:
            allowed = ", ".join((*endpoint.methods, "OPTIONS"))
            raise Problem(405, "method_not_allowed", f"Send events with {endpoint.methods[-1]}.", {"allow": allowed})
        key = self._authentication.key_of_head(request, endpoint)
        if endpoint.webhook is not None and endpoint.webhook.is_ping(request):
            return self._finish(request, json_response(200, {"success": True}))
        check_head(request.headers)
        return Admitted(endpoint, key)

    def _prepare(self, request: Request, admitted: Admitted) -> Prepared | Response:
        endpoint, key = admitted.endpoint, admitted.key
        check_signature(request, endpoint, key)
        body = unpack(request.body, request.headers)
        if key is None:
            key = self._authentication.key_of_body(body, endpoint)
        rules = Rules(
            now=self._now(),
            retention_days=self._retention,
            reporting_currency=self._currency,
            namespace=key.namespace,
            public=key.public,
            fractional_quantities=self._fractions,
            largest_amount=self._largest,
            customer_of=None if self._customers is None else partial(self._customers.customer_of, key.namespace),
        )
        try:
            batch = endpoint.read(body, rules, request)
        except batches.TooMany as error:
            message = f"A request may bring {batches.MAX_RECORDS} records; send them in several."
            raise Problem(413, "too_many_records", message) from error
        except batches.Unreadable as error:
            raise Problem(400, "unreadable", str(error)) from error
        except StreamUnavailable as error:
            self._failed(error)
            raise unavailable("customers_unavailable", error.what) from error
        self._limit(key, request.address, max(1, batch.received + batch.ignored))
        if not endpoint.stored:
            return self._finish(request, endpoint.answer(batch, ()))
        entries = list(map(Entry, repeat(Kind.EVENT), batch.keys, batch.lines))
        for record, refusal in batch.refused.values():
            line = quarantine_line(
                record,
                refusal,
                origin=key.source,
                received_at=rules.now,
                source=endpoint.source,
                namespace=rules.namespace,
                public=rules.public,
            )
            entries.append(Entry(Kind.REFUSED, blake2b(record, digest_size=8).hexdigest(), line))
        names = identities(rules.namespace, batch.ids)
        return Prepared(endpoint, key, batch, entries, names, self._recent.claim(names))

    def _limit(self, key: WriteKey, address: str, records: int) -> None:
        """Refuse a request whose sender has sent too much."""
        who, wait = "This address", 0.0
        if key.public and address:
            wait = self._network_limits.take(f"{key.id} {network_of(address)}", records)
        if not wait:
            who, wait = "This key", self._limits.take(key.id, records)
        if wait > 0:
            headers = {"retry-after": str(math.ceil(wait))}
            raise Problem(429, "too_many_requests", f"{who} has sent too much; try again later.", headers)

    def _count(self, prepared: Prepared) -> None:
        batch, counts = prepared.batch, prepared.counts()
        with self._lock:
            # not `Counter.update`, which costs more than the rest of a request's counting together
            for name, count in counts.items():
                self._counts[name] += count
            self._counts["received"] += batch.received
            self._counts["ignored"] += batch.ignored
            self._counts["rounded"] += batch.rounded
        if self._note is not None:
            self._note(**counts)

    def _finish(self, request: Request, response: Response) -> Response:
        """Count an answer, and add the headers that let a page of an allowed origin read it."""
        with self._lock:
            self._counts[f"http_{response.status}"] += 1
        endpoint = ENDPOINTS.get(request.path)
        return self._origins.share(request, response, with_cookies=endpoint is not None and endpoint.with_cookies)

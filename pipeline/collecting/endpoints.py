"""The paths that take records: which format each is read as, how it is answered, and how it names its write key.

``POST /v1/events`` takes our own events; ``/v1/track``, ``/v1/batch`` and their like take Segment's format,
``/mp/collect`` and ``/g/collect`` GA4's, ``/com.snowplowanalytics.snowplow/tp2`` and ``/i`` Snowplow's;
``/v1/webhooks/…`` take what shop systems sign.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from pipeline.collecting.envelope import Request, Response, json_response
from pipeline.collecting.verdicts import verdicts
from pipeline.collecting.webhooks import SHOPIFY, WOOCOMMERCE, Webhook
from pipeline.contract import batches
from pipeline.contract.batches import SentBatch
from pipeline.contract.rejections import Reason
from pipeline.contract.shape import Rules
from pipeline.formats import ga4, gtag, segment, shopify, snowplow, woocommerce

_PIXEL = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\0\0\0!\xf9\x04\x01\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;"

_GA4_CODES: Mapping[str, str] = MappingProxyType(
    {
        Reason.MISSING_FIELD: "VALUE_REQUIRED",
        Reason.MISSING_IDENTITY: "VALUE_REQUIRED",
        Reason.UNKNOWN_EVENT_TYPE: "NAME_INVALID",
        Reason.OUT_OF_RANGE: "VALUE_OUT_OF_BOUNDS",
        Reason.TOO_LARGE: "EXCEEDED_MAX_ENTITIES",
    }
)


def _native(batch: SentBatch, duplicates: Collection[int]) -> Response:
    return json_response(202, verdicts(batch, duplicates))


def _segment(batch: SentBatch, duplicates: Collection[int]) -> Response:
    """Segment's senders look at the status alone; the verdicts are for people."""
    return json_response(200, b'{"success":true,' + verdicts(batch, duplicates)[1:])


def _ga4(_batch: SentBatch, _duplicates: Collection[int]) -> Response:
    """GA4's answer has no body, whatever was sent."""
    return Response(204)


def _ga4_validation(batch: SentBatch, _duplicates: Collection[int]) -> Response:
    """What Google's validation server answers: nothing where all is well."""
    messages = [
        {
            "fieldPath": "events",
            "description": refusal.detail,
            "validationCode": _GA4_CODES.get(refusal.reason, "VALUE_INVALID"),
        }
        for _, refusal in batch.refused.values()
    ]
    return json_response(200, {"validationMessages": messages})


def _image(_batch: SentBatch, _duplicates: Collection[int]) -> Response:
    """A tracker that asks for a picture tries again where it gets none."""
    return Response(200, {"content-type": "image/gif"}, _PIXEL)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A path that takes records: how to read and answer them, and which query parameter may hold the write key.

    Without a key, the query parameter `alias_parameter` may hold the alias of one. With a `webhook`, the parameter
    ``id`` names the key, and the body must be signed with its signing secret. `read_again` reads a record as the
    quarantine keeps it, where that is not a body of its own. `secret_in` finds the write key in a body, and `alias_in`
    the alias of one, where neither a header nor the address has one. `with_cookies`: the tracker makes browsers send
    cookies, for which a preflight needs a further header; no cookie is read. What is not `stored` is checked and
    answered only.
    """

    source: str
    read: Callable[[bytes, Rules, Request], SentBatch]
    answer: Callable[[SentBatch, Collection[int]], Response]
    key_parameter: str = "key"
    alias_parameter: str = ""
    methods: tuple[str, ...] = ("POST",)
    webhook: Webhook | None = None
    read_again: Callable[[bytes, Rules], SentBatch] | None = None
    secret_in: Callable[[bytes], str] | None = None
    stored: bool = True
    alias_in: Callable[[bytes], str] | None = None
    with_cookies: bool = False


def _calls(call: str) -> Endpoint:
    """The endpoint of one of Segment's calls."""
    return Endpoint(
        segment.SOURCE,
        lambda body, rules, _: segment.read(body, rules, call=call),
        _segment,
        secret_in=segment.write_key,
    )


def _gtag(body: bytes, rules: Rules, request: Request) -> SentBatch:
    return gtag.read(body, rules, request.query)


def _snowplow(body: bytes, rules: Rules, _request: Request) -> SentBatch:
    return snowplow.read(body, rules)


def _pixel(_body: bytes, rules: Rules, request: Request) -> SentBatch:
    return snowplow.read_query(request.query, rules)


def _shopify(body: bytes, rules: Rules, request: Request) -> SentBatch:
    return shopify.read(body, rules, request.headers.get(SHOPIFY.topic, ""))


def _woocommerce(body: bytes, rules: Rules, request: Request) -> SentBatch:
    return woocommerce.read(body, rules, request.headers.get(WOOCOMMERCE.topic, ""))


ENDPOINTS = MappingProxyType(
    {
        "/v1/events": Endpoint("native", lambda body, rules, _: batches.read(body, rules, source="native"), _native),
        **{path: _calls(call) for path, call in segment.PATHS.items()},
        "/mp/collect": Endpoint("ga4", lambda body, rules, ask: ga4.read(body, rules, ask.query), _ga4, "api_secret"),
        "/debug/mp/collect": Endpoint(
            "ga4",
            lambda body, rules, ask: ga4.read(body, rules, ask.query),
            _ga4_validation,
            "api_secret",
            stored=False,
        ),
        "/g/collect": Endpoint(
            "gtag",
            _gtag,
            _ga4,
            alias_parameter="tid",
            methods=("GET", "POST"),
            read_again=gtag.read_again,
            with_cookies=True,
        ),
        "/com.snowplowanalytics.snowplow/tp2": Endpoint(
            "snowplow",
            _snowplow,
            _segment,
            alias_parameter="aid",
            alias_in=snowplow.app_id,
            read_again=snowplow.read_again,
            with_cookies=True,
        ),
        "/i": Endpoint("snowplow", _pixel, _image, alias_parameter="aid", methods=("GET",), with_cookies=True),
        "/v1/webhooks/shopify": Endpoint("shopify", _shopify, _segment, webhook=SHOPIFY, read_again=shopify.read_again),
        "/v1/webhooks/woocommerce": Endpoint(
            "woocommerce", _woocommerce, _segment, webhook=WOOCOMMERCE, read_again=woocommerce.read_again
        ),
    }
)

"""The OpenAPI 3.1 document of the collector, its schema of an event made from the contract's own types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from pipeline.collecting.envelope import MAX_BODY
from pipeline.contract.batches import MAX_RECORDS
from pipeline.contract.shape import SentEvent

Json = dict[str, Any]

_VERSION = "1"
_TEXT = {"type": "string"}
_STORED = ("received", "accepted", "duplicates", "quarantined", "ignored")
_REFUSALS = {
    "400": "Nothing could be read.",
    "401": "The write key or the signature is missing or wrong, or the key has ended.",
    "408": "The body did not arrive in time.",
    "413": f"The body is over {MAX_BODY} bytes, unpacked too, or holds more than {MAX_RECORDS} records.",
    "415": "The type, charset or encoding of the body cannot be read.",
    "429": "This key, or this address with a public key, has sent too much.",
    "503": "The stream is full or cannot be reached; nothing was stored.",
}
_CALLS = ("track", "page", "batch", "identify", "screen", "group", "alias", "import")
_WEBHOOKS = {"shopify": "X-Shopify-Hmac-Sha256", "woocommerce": "X-WC-Webhook-Signature"}


def document(more: Mapping[str, Json] | None = None) -> Json:
    """The whole document, as JSON values.

    Parameters
    ----------
    more : paths of others that are served beside the collector, as they are described; their schemas may name `Problem`
    """
    _, schemas = msgspec.json.schema_components([SentEvent], ref_template="#/components/schemas/{name}")
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Takings collector",
            "version": _VERSION,
            "description": "Takes actions of customers. What is acknowledged is stored.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "paths": {
            "/v1/events": {"post": _events(), "options": _preflight("events")},
            **{f"/v1/{call}": {"post": _segment(call), "options": _preflight(call)} for call in _CALLS},
            "/mp/collect": {"post": _ga4(), "options": _preflight("ga4")},
            "/debug/mp/collect": {"post": _ga4_validation(), "options": _preflight("ga4Debug")},
            "/g/collect": {
                **{method: _gtag(method) for method in ("get", "post")},
                "options": _preflight("gtag"),
            },
            "/com.snowplowanalytics.snowplow/tp2": {"post": _snowplow(), "options": _preflight("snowplow")},
            "/i": {"get": _pixel(), "options": _preflight("snowplowPixel")},
            **{
                f"/v1/webhooks/{system}": {"post": _webhook(system), "options": _preflight(f"{system}Webhook")}
                for system in _WEBHOOKS
            },
            "/healthz": {"get": _plain_answer("healthz", "Whether the process lives.", {})},
            "/readyz": {"get": _plain_answer("readyz", "Whether events can be taken.", _refusals("503"))},
            "/v1/openapi.json": {"get": _plain_answer("openapi", "This document.", {})},
            **(more or {}),
        },
        "components": {
            "schemas": {
                **_lenient(schemas),
                "Verdicts": _verdicts(),
                "Problem": _object({"code": _TEXT, "message": _TEXT}, "code", "message"),
            },
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "description": "The write key."},
                "basic": {"type": "http", "scheme": "basic", "description": "The write key as user, no password."},
                "header": {"type": "apiKey", "in": "header", "name": "X-Write-Key"},
                "query": {"type": "apiKey", "in": "query", "name": "key", "description": "For sendBeacon."},
                **{
                    system: {"type": "apiKey", "in": "header", "name": name, "description": "HMAC-SHA256 in Base64."}
                    for system, name in _WEBHOOKS.items()
                },
                "tid": {"type": "apiKey", "in": "query", "name": "tid", "description": "Alias of a public key."},
                "aid": {"type": "apiKey", "in": "query", "name": "aid", "description": "Alias of a public key."},
                "secret": {"type": "apiKey", "in": "query", "name": "api_secret", "description": "For GA4's senders."},
            },
        },
    }


def _lenient(schemas: Json) -> Json:
    """The contract's types, with what it takes besides: nothing for absent, and money as a number too."""
    for schema in schemas.values():
        required = schema.get("required", [])
        schema.get("properties", {}).pop("rounded", None)  # the contract says it, not the sender
        for name, member in schema.get("properties", {}).items():
            if name in required or "anyOf" not in member:
                continue
            member.pop("default", None)
            member["anyOf"] = [
                _decimal(option, "decimal(18,3)" if name == "quantity" else "decimal(18,4)")
                for option in member["anyOf"]
            ]
    return schemas


def _decimal(option: Json, kept: str) -> Json:
    if option.get("format") == "decimal":
        pattern = r"^[0-9]{1,14}(\.[0-9]+)?$"
        description = f"Kept as {kept}; further digits are rounded, and counted as rounded."
        return {"type": ["string", "number"], "pattern": pattern, "minimum": 0, "description": description}
    return option


def _events() -> Json:
    event = {"$ref": "#/components/schemas/SentEvent"}
    return {
        "operationId": "sendEvents",
        "summary": f"Events: one, an array, or one a line; at most {MAX_RECORDS}, plain or gzip.",
        "security": _keys("query"),
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {"anyOf": [event, {"type": "array", "items": event, "maxItems": MAX_RECORDS}]}
                },
                "application/x-ndjson": {"schema": {"type": "string", "description": "One event a line."}},
                "text/plain": {"schema": {"type": "string", "description": "As JSON or lines; what sendBeacon sends."}},
            },
        },
        "responses": {"202": _json("Stored: a verdict per event, in order.", "Verdicts"), **_refusals(*_REFUSALS)},
    }


def _segment(call: str) -> Json:
    message = _object(
        {
            "event": _TEXT,
            "userId": {"type": ["string", "null"]},
            "anonymousId": {"type": ["string", "null"]},
            "messageId": _TEXT,
            "timestamp": {"type": "string", "format": "date-time"},
            "sentAt": {"type": "string", "format": "date-time"},
            "writeKey": _TEXT,
            "properties": {"type": "object"},
            "context": {"type": "object"},
        }
    )
    is_batch = call in ("batch", "import")
    several = _object({"batch": {"type": "array", "items": message, "maxItems": MAX_RECORDS}}, "batch")
    return {
        "operationId": f"segment{call.title()}",
        "summary": "Calls of Segment, several at once." if is_batch else f"One call of Segment's {call}.",
        "description": "" if call == "import" else f"Also at /v1/{call[0]}.",
        "security": _keys("query"),
        "requestBody": _body(several if is_batch else message),
        "responses": {"200": _json("Stored.", "Verdicts"), **_refusals(*_REFUSALS)},
    }


def _ga4() -> Json:
    event = _object({"name": _TEXT, "params": {"type": "object"}}, "name")
    body = _object(
        {
            "client_id": _TEXT,
            "user_id": _TEXT,
            "timestamp_micros": {"type": ["integer", "string"]},
            "events": {"type": "array", "maxItems": MAX_RECORDS, "items": event},
        },
        "events",
    )
    identity = {"name": "measurement_id", "in": "query", "required": True, "schema": {"type": "string", "minLength": 1}}
    return {
        "operationId": "ga4Collect",
        "summary": "GA4's Measurement Protocol.",
        "security": _keys("secret"),
        "parameters": [identity],
        "requestBody": _body(body),
        "responses": {"204": {"description": "Stored; refused events are in the quarantine."}, **_refusals(*_REFUSALS)},
    }


def _ga4_validation() -> Json:
    message = _object({"fieldPath": _TEXT, "description": _TEXT, "validationCode": _TEXT})
    answer = _object({"validationMessages": {"type": "array", "items": message}}, "validationMessages")
    return _ga4() | {
        "operationId": "ga4Validate",
        "summary": "Checks what GA4's Measurement Protocol would send, as Google's validation server; stores nothing.",
        "responses": {
            "200": {
                "description": "What is wrong; empty where nothing is.",
                "content": {"application/json": {"schema": answer}},
            },
            **_refusals(*_REFUSALS),
        },
    }


def _gtag(method: str) -> Json:
    identity = {"name": "tid", "in": "query", "required": True, "schema": {"type": "string", "minLength": 1}}
    lines = {"content": {"text/plain": {"schema": {"type": "string", "description": "An event a line."}}}}
    return {
        "operationId": f"gtagCollect{method.title()}",
        "summary": "Events of gtag.js, GA4's tag for pages.",
        "security": _keys("query", "tid"),
        "parameters": [identity, {"name": "en", "in": "query", "schema": _TEXT}],
        **({"requestBody": lines} if method == "post" else {}),
        "responses": {"204": {"description": "Stored; refused events are in the quarantine."}, **_refusals(*_REFUSALS)},
    }


def _snowplow() -> Json:
    event = _object({"e": _TEXT, "eid": _TEXT, "dtm": _TEXT, "stm": _TEXT, "ue_px": _TEXT, "cx": _TEXT})
    body = _object({"schema": _TEXT, "data": {"type": "array", "maxItems": MAX_RECORDS, "items": event}}, "data")
    return {
        "operationId": "snowplowPost",
        "summary": "Events of Snowplow's trackers, several at once.",
        "security": _keys("query", "aid"),
        "requestBody": _body(body),
        "responses": {"200": _json("Stored.", "Verdicts"), **_refusals(*_REFUSALS)},
    }


def _pixel() -> Json:
    return {
        "operationId": "snowplowGet",
        "summary": "One event of Snowplow's trackers, as parameters.",
        "security": _keys("query", "aid"),
        "parameters": [{"name": "e", "in": "query", "schema": _TEXT}],
        "responses": {"200": {"description": "Stored.", "content": {"image/gif": {}}}, **_refusals(*_REFUSALS)},
    }


def _webhook(system: str) -> Json:
    identity = {"name": "id", "in": "query", "required": True, "schema": {"type": "string", "minLength": 1}}
    return {
        "operationId": f"{system}Webhook",
        "summary": f"A webhook of {system.title()} about an order or a refund.",
        "security": [{system: []}],
        "parameters": [identity],
        "requestBody": _body(_object({"id": {"type": "integer"}})),
        "responses": {"200": _json("Stored.", "Verdicts"), **_refusals(*_REFUSALS)},
    }


def _preflight(name: str) -> Json:
    return {
        "operationId": f"{name}Preflight",
        "summary": "What a browser asks before it sends.",
        "responses": {"204": {"description": "The headers say whether the page may send."}, **_refusals("503")},
    }


def _keys(*parameters: str) -> list[Json]:
    return [{way: []} for way in ("bearer", "basic", "header", *parameters)]


def _body(schema: Json) -> Json:
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def _plain_answer(name: str, summary: str, others: Json) -> Json:
    plain = {"description": "Yes.", "content": {"application/json": {"schema": {"type": "object"}}}}
    return {"operationId": name, "summary": summary, "responses": {"200": plain, **others}}


def _json(description: str, schema: str) -> Json:
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    return {"description": description, "content": content}


def _refusals(*statuses: str) -> Json:
    refusals: Json = {status: _json(_REFUSALS[status], "Problem") for status in statuses}
    for status in {"429", "503"} & set(statuses):
        seconds = {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 1}}
        refusals[status]["headers"] = {"Retry-After": seconds}
    return refusals


def _verdicts() -> Json:
    verdict = _object(
        {
            "verdict": {"enum": ["accepted", "duplicate", "quarantined"]},
            "reason": {"type": "string", "description": "Stable word, of a quarantined record."},
            "detail": {"type": "string", "description": "One sentence, of a quarantined record."},
        },
        "verdict",
    )
    counts: Json = {name: {"type": "integer", "minimum": 0} for name in _STORED}
    return _object({**counts, "verdicts": {"type": "array", "items": verdict}}, *_STORED, "verdicts")


def _object(properties: Json, *required: str) -> Json:
    """The schema of a JSON object."""
    return {"type": "object", **({"required": list(required)} if required else {}), "properties": properties}

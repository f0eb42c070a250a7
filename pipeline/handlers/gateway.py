"""Payloads of API Gateway and of a load balancer as requests and answers of the collector. Pure.

REST APIs send format 1.0, HTTP APIs 2.0. A load balancer sends what looks like 1.0, with a query that is not decoded,
and names the sender last in ``X-Forwarded-For``. The path is decoded in 2.0 alone.
"""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import unquote, unquote_plus

from pipeline.collecting.envelope import Request, Response


def request_from(event: dict[str, Any]) -> Request:
    """The request in a payload.

    A REST API hands a packed body over as Base64 where its binary media types say so; they must name ``*/*``.
    """
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    query = dict(event.get("queryStringParameters") or {})
    body = event.get("body") or ""
    content = base64.b64decode(body) if event.get("isBase64Encoded") else body.encode("utf-8", "surrogatepass")
    if event.get("version") == "2.0":
        context = event["requestContext"]
        path = event["rawPath"]
        if context.get("stage") != "$default":
            path = path.removeprefix(f"/{context['stage']}")
        address = context["http"].get("sourceIp", "")
        return Request(context["http"]["method"], path, headers, query, content, address)
    context = event.get("requestContext", {})
    if "elb" in context:
        query = {unquote_plus(name): unquote_plus(value) for name, value in query.items()}
        address = headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
    else:
        address = context.get("identity", {}).get("sourceIp", "")
    return Request(event["httpMethod"], unquote(event["path"]), headers, query, content, address)


def payload_of(response: Response) -> dict[str, Any]:
    """The answer as every one of them takes it."""
    is_text = not response.headers.get("content-type", "").startswith("image/")
    return {
        "statusCode": response.status,
        "headers": response.headers,
        "body": response.body.decode("utf-8") if is_text else base64.b64encode(response.body).decode("ascii"),
        "isBase64Encoded": not is_text,
    }

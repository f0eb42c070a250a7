"""Signed webhooks of shop systems: which key a request belongs to, and whether its signature is right."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass

from pipeline.collecting.envelope import Request

_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Webhook:
    """How a shop system sends.

    Attributes
    ----------
    system : as `pipeline.collecting.keys.WriteKey.webhook` names it
    signature, topic : names of the headers, in lower case
    pings : whether it tries a new address with an unsigned form, which says nothing and must be answered well
    """

    system: str
    signature: str
    topic: str
    pings: bool = False

    def is_ping(self, request: Request) -> bool:
        """Whether the request only asks if somebody is there."""
        media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        return self.pings and media == _FORM and not request.headers.get(self.signature)

    def is_signed(self, request: Request, signing_secret: str) -> bool:
        """Whether the body, byte for byte as it travelled, is signed with the secret: HMAC-SHA256 in Base64.

        Takes the same time wherever the signature is wrong.
        """
        digest = hmac.new(signing_secret.encode("utf-8"), request.body, hashlib.sha256).digest()
        given = request.headers.get(self.signature, "").encode("utf-8", "surrogateescape")
        return bool(signing_secret) and hmac.compare_digest(base64.b64encode(digest), given)


SHOPIFY = Webhook("shopify", "x-shopify-hmac-sha256", "x-shopify-topic")
WOOCOMMERCE = Webhook("woocommerce", "x-wc-webhook-signature", "x-wc-webhook-topic", pings=True)

"""The OpenAPI document is true of the running app: schemathesis sends what it describes, and what it does not."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from jsonschema import Draft202012Validator
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance
from starlette.applications import Starlette
from starlette.middleware import Middleware

from pipeline.collecting import openapi
from pipeline.collecting.collector import Collector
from pipeline.collecting.endpoints import ENDPOINTS
from pipeline.collecting.http import Shortcut, routes
from pipeline.collecting.limits import TokenBuckets
from pipeline.contract.shape import SentEvent
from pipeline.recommend.serving import http as recommending
from pipeline.recommend.serving.service import RecommendationService
from tests.support.collecting import SECRET, VIEW, Ring, Shelf, write_key
from tests.unit.pipeline.recommend.serving.shop import Shop

READ = "tk_read"


class Service:
    collector = Collector(
        Shelf(),
        Ring(),
        reporting_currency="EUR",
        retention_days=None,
        limits=TokenBuckets(1e9, 1e9),
        now=lambda: datetime.now(UTC),
    )

    recommendations = RecommendationService(
        Shop().recommender(), Ring(write_key("pages", READ, purpose="read")), limits=TokenBuckets(1e9, 1e9)
    )

    def unready(self) -> str | None:
        return None


served = [*routes(Service(), described=recommending.described()), *recommending.routes(Service())]
app = Starlette(middleware=[Middleware(Shortcut, routes=served)])  # as `app.py` serves them
schema = schemathesis.openapi.from_asgi("/v1/openapi.json", app)


@schemathesis.serializer("application/x-ndjson")
def as_lines(context: schemathesis.SerializationContext, value: object) -> bytes:
    """How schemathesis sends a body of lines."""
    return str(value).encode("utf-8", "replace")


@schema.auth()
class WriteKeyAuth:
    """Gives the key as Segment's and our own senders do; schemathesis takes it away again to see what happens."""

    def get(self, case: schemathesis.Case, context: schemathesis.AuthContext) -> str:
        return f"Bearer {READ if case.path.startswith('/v1/recommendations') else SECRET}"

    def set(self, case: schemathesis.Case, data: str, context: schemathesis.AuthContext) -> None:
        case.headers["Authorization"] = data


@schema.parametrize()
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_app_does_what_the_document_says(case: schemathesis.Case):
    excluded = [negative_data_rejection]  # a wrong event is no wrong request: it is quarantined, and told with a 202
    if case.media_type != "application/json":
        excluded.append(positive_data_acceptance)  # any text is of the schema's type, but not any text is JSON
    case.call_and_validate(excluded_checks=excluded)


def test_every_address_that_takes_events_is_described():
    paths = openapi.document()["paths"]
    described = {
        "/" + path for at in paths.values() for path in at.get("post", {}).get("description", "").split("/", 1)[1:]
    }
    assert set(ENDPOINTS) <= set(paths) | {path.rstrip(".") for path in described}


def test_the_schema_of_an_event_has_every_field_of_the_contract():
    described = openapi.document()["components"]["schemas"]["SentEvent"]
    assert set(described["properties"]) == set(SentEvent.__struct_fields__) - {"rounded"}  # which the contract says
    assert described["required"] == ["event_id", "event_type", "occurred_at"]


@pytest.mark.parametrize("price", ["12.50", 12.5, 3])
def test_money_may_be_a_string_or_a_number_in_the_document_too(price: object):
    document = openapi.document()
    validator = Draft202012Validator({"$ref": "#/components/schemas/SentEvent", "components": document["components"]})
    assert list(validator.iter_errors(json.loads(json.dumps(VIEW | {"unit_price": price})))) == []
    assert list(validator.iter_errors(VIEW | {"unit_price": "-12.3"})) != []

"""How recommendations are described in the collector's OpenAPI document, the answer made of its own types."""

from __future__ import annotations

from typing import Any

import msgspec

from pipeline.recommend.models.model import FOR_YOU, SURFACES
from pipeline.recommend.serving.question import (
    CATEGORY_CHARACTERS,
    DEFAULT_ITEMS,
    ID_CHARACTERS,
    MOST_ITEMS,
    PATH,
)
from pipeline.recommend.serving.recommender import Answer

Json = dict[str, Any]

_ID = {"type": "string", "maxLength": ID_CHARACTERS}
_REFUSALS = {
    "400": "A parameter is unknown or has a value that cannot be used.",
    "401": "The read key is missing or wrong, or has ended.",
    "429": "This key, or this address with a public key, has asked too much.",
    "503": "The models cannot be read, or the server starts.",
}


def paths() -> dict[str, Json]:
    """The two paths."""
    customer = {"name": "customer_id", "in": "path", "required": True, "schema": _ID | {"minLength": 1}}
    return {
        PATH: {"get": _get("recommendToAnybody", [_query("customer_id", _ID)]), "options": _preflight("anybody")},
        f"{PATH}/{{customer_id}}": {
            "get": _get("recommendToCustomer", [customer]),
            "options": _preflight("customer") | {"parameters": [customer]},
        },
    }


def _get(name: str, own: list[Json]) -> Json:
    return {
        "operationId": name,
        "summary": "What to recommend, and why.",
        "security": [{way: []} for way in ("bearer", "basic", "header", "query")],
        "parameters": [
            *own,
            _query("surface", {"enum": list(SURFACES), "default": FOR_YOU}),
            _query("n", {"type": "integer", "minimum": 1, "maximum": MOST_ITEMS, "default": DEFAULT_ITEMS}),
            _query("exclude", {"type": "string", "description": "At most 100 products, separated by commas."}),
            _query("context_item", _ID),
            _query("category", {"type": "string", "maxLength": CATEGORY_CHARACTERS}),
            _query("region", _ID),
        ],
        "responses": {"200": _json("The products, best first; fewer or none where there are no more.", _answer())}
        | _refusals(),
    }


def _refusals() -> Json:
    problem = {"$ref": "#/components/schemas/Problem"}
    found: Json = {status: _json(why, problem) for status, why in _REFUSALS.items()}
    for status in ("429", "503"):
        found[status]["headers"] = {"Retry-After": {"schema": {"type": "integer", "minimum": 1}}}
    return found


def _answer() -> Json:
    """The schema of an answer, with those that it names inside it."""
    _, schemas = msgspec.json.schema_components([Answer], ref_template="{name}")

    def inlined(value: Any) -> Any:
        if isinstance(value, dict):
            return inlined(schemas[value["$ref"]]) if "$ref" in value else {k: inlined(v) for k, v in value.items()}
        return [inlined(one) for one in value] if isinstance(value, list) else value

    found: Json = inlined(schemas["Answer"])
    return found


def _preflight(name: str) -> Json:
    return {
        "operationId": f"{name}RecommendationsPreflight",
        "summary": "What a browser asks before it asks.",
        "responses": {"204": {"description": "The headers say whether the page may ask."}} | _refusals(),
    }


def _query(name: str, schema: Json) -> Json:
    return {"name": name, "in": "query", "schema": schema}


def _json(description: str, schema: Json) -> Json:
    return {"description": description, "content": {"application/json": {"schema": schema}}}

"""Every resource that can be tagged says which installation, tier and part it belongs to: costs are split by it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from tests.infra.templates import Templates

OURS = ("takings:installation", "takings:tier", "takings:part")
BY_CDK = "Custom::"  # what CDK makes for itself has no schema of AWS
REGION = "us-east-1"


def tag_property(kind: str) -> str:
    """The property of a type that holds its tags, as CloudFormation's schema says; empty where it has none."""
    schema: Mapping[str, Any] = PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, kind).schema
    tagging = schema.get("tagging", {})
    name = str(tagging.get("tagProperty", "/properties/Tags")).rpartition("/")[2]
    return name if tagging.get("taggable", "Tags" in schema["properties"]) and name in schema["properties"] else ""


def tags(given: Any) -> dict[str, Any]:
    return dict(given) if isinstance(given, dict) else {pair["Key"]: pair["Value"] for pair in given or []}


def test_every_resource_that_can_be_tagged_has_our_three_tags(everything: Templates) -> None:
    places: dict[str, str] = {}
    without = []
    for part, template in everything.by_part.items():
        for logical, resource in template["Resources"].items():
            kind = resource["Type"]
            if kind.startswith(BY_CDK):
                continue
            name = places.setdefault(kind, tag_property(kind))
            found = tags(resource.get("Properties", {}).get(name))
            if name and [found.get(tag) for tag in OURS] != ["takings", "scale", part]:
                without.append(f"{part}/{logical}: {kind}")
    assert without == []
    assert sum(map(bool, places.values())) > 20

"""Stacks on the emulator: templates as they were synthesised, less what it cannot make."""

from __future__ import annotations

import json
import time
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.engines.ministack_server import MinistackServer
from tests.infra.emulator.code import LocalCode, buckets
from tests.infra.templates import Templates

LEFT_OUT = Path(__file__).with_name("left_out.toml")
SECONDS = 120.0
PARAMETERS = {
    "WebAclArn": "arn:aws:wafv2:us-east-1:123456789012:global/webacl/edge/none"
}  # of a stack that is not made


class CreationError(AssertionError):
    """A stack could not be created; says which resource failed and why."""


@dataclass(frozen=True)
class Emulated:
    """An installation on the emulator."""

    server: MinistackServer
    templates: Templates

    def create(self, part: str, scratch: Path) -> None:
        """Create the stack of a part; raises CreationError with the first resource that failed."""
        template = reduced(self.templates.by_part[part])
        s3 = self.server.client("s3")
        for bucket in buckets(template):
            s3.create_bucket(Bucket=bucket)
        LocalCode(s3, scratch).put(template)
        name = f"takings-{self.templates.tier}-{part}"
        client = self.server.client("cloudformation")
        given = [{"ParameterKey": key, "ParameterValue": PARAMETERS[key]} for key in template.get("Parameters", {})]
        client.create_stack(
            StackName=name,
            TemplateBody=json.dumps(template),
            Capabilities=["CAPABILITY_NAMED_IAM"],
            Parameters=given,
        )
        deadline = time.monotonic() + SECONDS
        while (status := self._stack(part)["StackStatus"]).endswith("IN_PROGRESS"):
            if time.monotonic() > deadline:
                raise CreationError(f"{name} is {status} after {SECONDS:.0f} seconds")
            time.sleep(0.05)
        if status != "CREATE_COMPLETE":
            events = client.describe_stack_events(StackName=name)["StackEvents"]
            failed = [f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason')}" for event in events
                      if event["ResourceStatus"].endswith("FAILED")]  # fmt: skip
            raise CreationError(f"{name} is {status}: {failed}")

    def outputs(self, part: str) -> dict[str, str]:
        """What a stack says about itself."""
        return {output["OutputKey"]: output["OutputValue"] for output in self._stack(part).get("Outputs", [])}

    def _stack(self, part: str) -> dict[str, Any]:
        client = self.server.client("cloudformation")
        stack: dict[str, Any] = client.describe_stacks(StackName=f"takings-{self.templates.tier}-{part}")["Stacks"][0]
        return stack

    @cached_property
    def api(self) -> str:
        """Id of the HTTP API."""
        found = self.server.client("apigatewayv2").get_apis()["Items"]
        return next(api["ApiId"] for api in found if api["Name"] == f"takings-{self.templates.tier}-collector")


@dataclass(frozen=True)
class LeftOut:
    """A type that the emulator cannot make; `having` limits it to resources with a property."""

    name: str
    reason: str
    having: str = ""

    def takes(self, resource: Mapping[str, Any]) -> bool:
        """Whether a resource is left out."""
        return resource["Type"] == self.name and (not self.having or self.having in resource["Properties"])


def left_out() -> list[LeftOut]:
    """The types that are left out, with the reasons."""
    return [LeftOut(**row) for row in tomllib.loads(LEFT_OUT.read_text(encoding="utf-8"))["type"]]


def left_out_properties() -> Mapping[str, dict[str, Any]]:
    """The properties that are left out, by type; those with a value get it."""
    found: dict[str, dict[str, Any]] = {}
    for row in tomllib.loads(LEFT_OUT.read_text(encoding="utf-8"))["property"]:
        found.setdefault(row["type"], {})[row["name"]] = row.get("value")
    return found


def reduced(template: Mapping[str, Any]) -> dict[str, Any]:
    """A template without what `left_out.toml` lists, and without the outputs that name it.

    Fails where a resource that stays needs one that goes.
    """
    without, properties = left_out(), left_out_properties()
    gone = {name for name, resource in template["Resources"].items() if any(row.takes(resource) for row in without)}
    resources = {}
    for name, resource in template["Resources"].items():
        if name in gone:
            continue
        stays = json.loads(json.dumps(resource))
        stays.pop("UpdatePolicy", None)  # nothing is updated here
        for property_name, value in properties.get(stays["Type"], {}).items():
            stays["Properties"].pop(property_name, None)
            if value is not None:
                stays["Properties"][property_name] = value
        after = stays.pop("DependsOn", [])
        after = [other for other in ([after] if isinstance(after, str) else after) if other not in gone]
        missing = gone & set(_named(stays))
        assert not missing, f"{name} stays, and needs {sorted(missing)}"
        resources[name] = stays | ({"DependsOn": after} if after else {})
    outputs = {name: output for name, output in template.get("Outputs", {}).items() if not gone & set(_named(output))}
    parameters = {name: given for name, given in template.get("Parameters", {}).items() if name != "BootstrapVersion"}
    whole = {"Resources": resources, "Outputs": outputs, "Parameters": parameters,
             "Conditions": template.get("Conditions", {})}  # fmt: skip
    return {name: part for name, part in whole.items() if part}


def _named(value: Any) -> Iterator[str]:
    """Logical ids that a part of a template refers to."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "Ref":
                yield inner
            elif key == "Fn::GetAtt":
                yield inner[0] if isinstance(inner, list) else inner.partition(".")[0]
            else:
                yield from _named(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _named(inner)

"""Stacks on the emulator: templates as they were synthesised, less what it cannot make, and the code of functions.

Functions run as processes of this machine: their packages are built for it, and lie in the bucket under the keys that
the templates name.
"""

from __future__ import annotations

import json
import platform
import shutil
import sys
import time
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from infra_cdk.packages import PACKAGES, build
from infra_cdk.packages.folders import zipped
from tests.engines.ministack_server import MinistackServer
from tests.infra.templates import Templates

LEFT_OUT = Path(__file__).with_name("left_out.toml")
SECONDS = 120.0
PARAMETERS = {
    "WebAclArn": "arn:aws:wafv2:us-east-1:123456789012:global/webacl/edge/none"
}  # of a stack that is not made
# Lambda's own Python has these; the emulator's has not
OF_THE_RUNTIME = ("boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six", "urllib3")


class CreationError(AssertionError):
    """A stack could not be created; says which resource failed and why."""


@dataclass(frozen=True)
class Emulated:
    """An installation on the emulator."""

    server: MinistackServer
    templates: Templates

    def create(self, part: str, scratch: Path) -> None:
        """Create the stack of a part; raises CreationError with the first resource that failed."""
        template = reduced(self.templates.by_part[part], left_out(), left_out_properties())
        self._upload_code(template, scratch)
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

    def _upload_code(self, template: dict[str, Any], scratch: Path) -> None:
        """Put the code of a template's functions where it says, built for this machine."""
        s3 = self.server.client("s3")
        for resource in template["Resources"].values():
            if resource["Type"] != "AWS::Lambda::Function" or "S3Key" not in resource["Properties"]["Code"]:
                continue
            properties = resource["Properties"]
            bucket, key = properties["Code"]["S3Bucket"], properties["Code"]["S3Key"]
            if "Fn::Sub" in bucket:
                bucket = properties["Code"]["S3Bucket"] = bucket["Fn::Sub"]
            handler = properties["Handler"].removesuffix(".handler")
            package = next(name for name, package in PACKAGES.items() if handler in package.handlers)
            properties["Architectures"] = ["x86_64" if platform.machine() == "x86_64" else "arm64"]
            s3.create_bucket(Bucket=bucket)
            s3.put_object(Bucket=bucket, Key=key, Body=self._packed(package, scratch).read_bytes())

    def _packed(self, package: str, scratch: Path) -> Path:
        file = scratch / f"{package}.zip"
        if not file.exists():
            machine = "x86_64" if platform.machine() == "x86_64" else "arm64"
            folder = scratch / package
            shutil.copytree(build(package, machine, f"{sys.version_info.major}.{sys.version_info.minor}"), folder)
            for library in OF_THE_RUNTIME:
                _copy_library(library, folder)
            zipped(folder, file)
        return file

    @cached_property
    def api(self) -> str:
        """Id of the HTTP API."""
        found = self.server.client("apigatewayv2").get_apis()["Items"]
        return next(api["ApiId"] for api in found if api["Name"] == f"takings-{self.templates.tier}-collector")


def _copy_library(name: str, folder: Path) -> None:
    found = find_spec(name)
    assert found is not None
    assert found.origin is not None
    origin = Path(found.origin)
    if origin.name == "__init__.py":
        shutil.copytree(origin.parent, folder / name, dirs_exist_ok=True)
    else:
        shutil.copy(origin, folder)


def left_out() -> Mapping[str, str]:
    """The types that are left out, with the reasons."""
    rows = tomllib.loads(LEFT_OUT.read_text(encoding="utf-8"))["type"]
    return {row["name"]: row["reason"] for row in rows}


def left_out_properties() -> Mapping[str, set[str]]:
    """The properties that are left out, by type."""
    found: dict[str, set[str]] = {}
    for row in tomllib.loads(LEFT_OUT.read_text(encoding="utf-8"))["property"]:
        found.setdefault(row["type"], set()).add(row["name"])
    return found


def reduced(
    template: Mapping[str, Any], without: Mapping[str, str], properties: Mapping[str, set[str]]
) -> dict[str, Any]:
    """A template without some types and properties, and without the outputs that name them.

    Fails where a resource that stays needs one that goes.
    """
    gone = {name for name, resource in template["Resources"].items() if resource["Type"] in without}
    resources = {}
    for name, resource in template["Resources"].items():
        if name in gone:
            continue
        stays = json.loads(json.dumps(resource))
        stays.pop("UpdatePolicy", None)  # nothing is updated here
        for property_name in properties.get(stays["Type"], ()):
            stays["Properties"].pop(property_name, None)
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

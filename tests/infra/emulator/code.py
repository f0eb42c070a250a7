"""The code of functions, built for this machine: the emulator runs them as its own processes."""

from __future__ import annotations

import platform
import shutil
import sys
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from infra_cdk.packages import PACKAGES, build
from infra_cdk.packages.folders import zipped

# Lambda's own Python has these; the emulator's has not
OF_THE_RUNTIME = ("boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six", "urllib3")


@dataclass(frozen=True)
class LocalCode:
    """Packages for this machine, in the bucket of which a template takes the code.

    Parameters
    ----------
    s3 : a client of the emulator
    scratch : a folder to pack in
    packages : those whose functions are called; the others keep the code that they have
    """

    s3: Any
    scratch: Path
    packages: Collection[str] = tuple(PACKAGES)

    def put(self, template: dict[str, Any]) -> None:
        """Put the code of a template's functions into the bucket, and let the template say so."""
        for properties in _packed_functions(template):
            handler = properties["Handler"].removesuffix(".handler")
            package = next(name for name, package in PACKAGES.items() if handler in package.handlers)
            if package in self.packages:
                bucket, key = bucket_of(properties), f"{package}.zip"
                self.s3.put_object(Bucket=bucket, Key=key, Body=self._packed(package).read_bytes())
                properties["Code"] = {"S3Bucket": bucket, "S3Key": key}
                properties["Architectures"] = [_machine()]

    def _packed(self, package: str) -> Path:
        file = self.scratch / f"{package}.zip"
        if not file.exists():
            folder = self.scratch / package
            shutil.copytree(build(package, _machine(), f"{sys.version_info.major}.{sys.version_info.minor}"), folder)
            for library in OF_THE_RUNTIME:
                _copy_library(library, folder)
            zipped(folder, file)
        return file


def buckets(template: dict[str, Any]) -> set[str]:
    """The buckets that a template takes code from."""
    return {bucket_of(properties) for properties in _packed_functions(template)}


def bucket_of(properties: dict[str, Any]) -> str:
    """The bucket of one function's code."""
    bucket = properties["Code"]["S3Bucket"]
    return str(bucket["Fn::Sub"]) if isinstance(bucket, dict) else str(bucket)


def _packed_functions(template: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The properties of those functions whose code is not in the template itself."""
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Lambda::Function" and "S3Key" in resource["Properties"]["Code"]:
            yield resource["Properties"]


def _machine() -> str:
    return "x86_64" if platform.machine() == "x86_64" else "arm64"


def _copy_library(name: str, folder: Path) -> None:
    found = find_spec(name)
    assert found is not None
    assert found.origin is not None
    origin = Path(found.origin)
    if origin.name == "__init__.py":
        shutil.copytree(origin.parent, folder / name, dirs_exist_ok=True)
    else:
        shutil.copy(origin, folder)

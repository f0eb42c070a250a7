"""The code of functions, from the packages that `infra_cdk.packages` builds."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from aws_cdk import aws_lambda as lambda_

from infra_cdk.packages import PYTHON, build

RUNTIME = lambda_.Runtime(f"python{PYTHON}", lambda_.RuntimeFamily.PYTHON)


@lru_cache(maxsize=16)
def _folder(package: str) -> Path:
    return build(package)


def packaged(package: str) -> lambda_.Code:
    """The folder of a package as an asset, built where it is not there."""
    return lambda_.Code.from_asset(str(_folder(package)))

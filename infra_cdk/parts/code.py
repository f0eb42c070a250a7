"""The code of functions, from the packages that `infra_cdk.packages` builds."""

from __future__ import annotations

from pathlib import Path

from aws_cdk import aws_lambda as lambda_

ROOT = Path(__file__).parents[2]


def packaged(package: str) -> lambda_.Code:
    """The folder of a package as an asset."""
    folder = ROOT / "build" / "lambda" / package
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "package").write_text(package)
    return lambda_.Code.from_asset(str(folder))

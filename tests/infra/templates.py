"""The templates of a tier, as CloudFormation gets them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra_cdk.bill.template_set import TemplateSet
from infra_cdk.node import use_own_node

TIERS = ("dev", "startup", "scale")
DOMAIN = """
[domain]
name = "shop.example"
hosted_zone_id = "Z0123456789ABCDEFGHIJ"
"""
QUICKSIGHT = """
[quicksight]
principal_arn = "arn:aws:quicksight:eu-central-1:123456789012:group/default/executives"
"""


@dataclass(frozen=True)
class Templates(TemplateSet):
    """The templates of one tier, and the folder in which they are."""

    by_part: dict[str, dict[str, Any]]
    tier: str
    folder: Path


def synthesised(tier: str, folder: Path, configuration: Path | None = None) -> Templates:
    """Make the templates of a tier; fails where the rule pack finds something that nobody explained."""
    use_own_node()
    from infra_cdk import installation
    from infra_cdk.configuration import DEPLOYMENT
    from infra_cdk.synthesis import build, checked_app

    app = checked_app(folder)
    chosen = installation.load(tier, configuration or DEPLOYMENT)
    stacks = build(app, chosen)
    app.synth()
    by_part = {
        stack.stack_name.removeprefix(f"{chosen.prefix}-"): json.loads(
            (folder / f"{stack.stack_name}.template.json").read_text(encoding="utf-8")
        )
        for stack in stacks
    }
    return Templates(by_part, tier, folder)


def with_domain(folder: Path) -> Path:
    """A deployment file like ours, with a domain."""
    from infra_cdk.configuration import DEPLOYMENT

    path = folder / "deployment.toml"
    path.write_text(f"{DEPLOYMENT.read_text(encoding='utf-8')}\n{DOMAIN}", encoding="utf-8")
    return path


def with_everything(folder: Path) -> Path:
    """A deployment file like ours, with a domain and every flag."""
    from infra_cdk.configuration import DEPLOYMENT

    text = DEPLOYMENT.read_text(encoding="utf-8")
    for flag in ("focus_export", "quicksight", "cost_tags_active"):
        text = re.sub(rf"^{flag} = \w+", f"{flag} = true", text, flags=re.MULTILINE)
    path = folder / "deployment.toml"
    path.write_text(f"{text}\n{DOMAIN}{QUICKSIGHT}", encoding="utf-8")
    return path


def adopting(folder: Path) -> Path:
    """A deployment file like ours, for an account that has every service of an account already."""
    from infra_cdk.configuration import DEPLOYMENT

    text = DEPLOYMENT.read_text(encoding="utf-8")
    path = folder / "deployment.toml"
    path.write_text(re.sub(r'= "create"', '= "adopt"', text), encoding="utf-8")
    return path


def of_another_shop(folder: Path) -> Path:
    """A deployment file of another installation in the same account and region, in which no setting is a default."""
    from infra_cdk.configuration import DEPLOYMENT

    text = DEPLOYMENT.read_text(encoding="utf-8")
    for setting, value in (
        ("name", '"stores"'),
        ("reporting_currency", '"EUR"'),
        ("reporting_time_zone", '"Europe/Berlin"'),
        ("retention_days", "500"),
        ("origins", '["https://stores.example"]'),
        ("country", '"DE"'),
        ("confirm_public_orders", "true"),
        ("fractional_quantities", "true"),
    ):
        text, changes = re.subn(rf"^{setting} = .*$", f"{setting} = {value}", text, flags=re.MULTILINE)
        assert changes == 1, setting
    path = folder / "deployment.toml"
    path.write_text(text, encoding="utf-8")
    return path

"""The bill of what the templates build is the bill of the Tiers page: nothing is deployed that is not in it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from console.finops.pricing import price_book
from console.tiers import tiers
from console.tiers.answer import WhatIf, compare
from console.tiers.estimate import CENT, estimate
from console.tiers.live_table import USED_SHARE
from console.tiers.measured import MeasuredUsage
from console.tiers.sizing import CONSUMERS, typical
from console.tiers.standing import CANARY_GIGABYTES
from infra_cdk import installation
from infra_cdk.bill.deployed import deployed as deployed_tier
from infra_cdk.bill.reading import settings_of, tier_of
from infra_cdk.bill.template_set import TemplateSet
from tests.infra.templates import TIERS, Templates

SIZES = {tier.name: tier for tier in tiers.load()}
BOOK = price_book.load()


def differing(templates: TemplateSet, tier: str) -> dict[str, tuple[Any, Any]]:
    """Settings that the tiers' file and the templates have different, by name."""
    written, built = settings_of(SIZES[tier]), settings_of(tier_of(templates, SIZES[tier]))
    return {name: (written[name], built[name]) for name in written if written[name] != built[name]}


@pytest.mark.parametrize("tier", TIERS)
def test_the_templates_build_what_the_tier_says(tier: str, deployed: dict[str, Templates]) -> None:
    assert differing(deployed[tier], tier) == {}


@pytest.mark.parametrize("tier", TIERS)
def test_the_bill_of_the_templates_is_that_of_the_tiers_page_and_in_its_band(
    tier: str, deployed: dict[str, Templates]
) -> None:
    page = next(shown for shown in compare(WhatIf(), MeasuredUsage(None, None)).estimates if shown.tier.name == tier)
    built = tier_of(deployed[tier], SIZES[tier])
    month = estimate(built, typical(built), BOOK)
    assert month.monthly_usd.quantize(CENT) == page.monthly_usd.quantize(CENT)
    assert month.cents_by_service == page.cents_by_service
    assert month.in_band


@pytest.mark.parametrize("tier", TIERS)
def test_the_bill_that_a_deployment_announces_is_of_what_it_builds_without_a_domain(
    tier: str, all_templates: dict[str, Templates]
) -> None:
    announced = deployed_tier(installation.load(tier))
    assert settings_of(tier_of(all_templates[tier], SIZES[tier])) == settings_of(announced)


def resource(template: dict[str, Any], kind: str) -> dict[str, Any]:
    """The first resource of a type, to be changed."""
    found: dict[str, Any] = next(each for each in template["Resources"].values() if each["Type"] == kind)
    return found


def another(template: dict[str, Any], kind: str) -> None:
    """Build a resource twice."""
    template["Resources"]["Another"] = resource(template, kind)


def _short_window(template: dict[str, Any]) -> None:
    resource(template, "AWS::Lambda::EventSourceMapping")["Properties"]["MaximumBatchingWindowInSeconds"] = 1


def _more_workers(template: dict[str, Any]) -> None:
    for each in template["Resources"].values():
        if each["Type"] == "AWS::Glue::Job":
            each["Properties"]["NumberOfWorkers"] = 10


def _larger_training(template: dict[str, Any]) -> None:
    resource(template, "AWS::Glue::Job")["Properties"]["NumberOfWorkers"] = 4


def _more_shards(template: dict[str, Any]) -> None:
    resource(template, "AWS::Kinesis::Stream")["Properties"]["ShardCount"] = 4


def _larger_answers(template: dict[str, Any]) -> None:
    resource(template, "AWS::Lambda::Function")["Properties"]["MemorySize"] = 1_024


def _larger_warehouse(template: dict[str, Any]) -> None:
    resource(template, "AWS::RedshiftServerless::Workgroup")["Properties"]["BaseCapacity"] = 8


@pytest.mark.parametrize(
    ("part", "change", "settings"),
    [
        ("data", lambda template: another(template, "AWS::KMS::Key"), {"security.keys"}),
        ("data", lambda template: another(template, "AWS::SecretsManager::Secret"), {"security.secrets"}),
        ("data", _more_shards, {"stream.shards"}),
        ("ingest", _short_window, {"stream.live_window_seconds"}),
        ("lake", _more_workers, {"curation.workers"}),
        ("recommendations", _larger_training, {"recommendations.training_workers"}),
        ("recommendations", _larger_answers, {"recommendations.memory_megabytes"}),
        ("warehouse", _larger_warehouse, {"warehouse.base_rpu"}),
        ("network", lambda template: another(template, "AWS::EC2::EIP"), {"network.public_addresses"}),
        ("network", lambda template: another(template, "AWS::EC2::NatGateway"), {"network.nat_gateways"}),
        ("watching", lambda template: another(template, "AWS::CloudWatch::Dashboard"), {"watching.dashboards"}),
    ],
)
def test_what_is_built_beyond_the_tier_is_found_and_costs_more(
    part: str, change: Callable[[dict[str, Any]], None], settings: set[str], deployed: dict[str, Templates]
) -> None:
    by_part = copy.deepcopy(deployed["scale"].by_part)
    before = tier_of(TemplateSet(by_part), SIZES["scale"])
    change(by_part[part])
    assert set(differing(TemplateSet(by_part), "scale")) == settings
    after = tier_of(TemplateSet(by_part), SIZES["scale"])
    assert _month(after) > _month(before)


def _month(tier: tiers.Tier) -> Decimal:
    return estimate(tier, typical(tier), BOOK).monthly_usd


@pytest.mark.parametrize("tier", TIERS)
def test_what_the_estimate_takes_for_granted_is_so(tier: str, deployed: dict[str, Templates]) -> None:
    templates = deployed[tier]
    assert len(templates.resources("AWS::WAFv2::WebACL")) == 1
    assert len(templates.resources("AWS::ElasticLoadBalancingV2::LoadBalancer")) == SIZES[tier].console.hosted
    mappings = templates.resources("AWS::Lambda::EventSourceMapping")
    deliveries = templates.resources("AWS::KinesisFirehose::DeliveryStream")
    assert len(mappings) + len(deliveries) == CONSUMERS
    assert {job["WorkerType"] for job in templates.resources("AWS::Glue::Job").values()} == {"G.1X"}  # one DPU each
    canary = templates.named("AWS::Lambda::Function", "FunctionName", "canary")
    assert Decimal(canary["MemorySize"]) / 1_024 == CANARY_GIGABYTES
    for policy in templates.resources("AWS::ApplicationAutoScaling::ScalingPolicy").values():
        assert policy["TargetTrackingScalingPolicyConfiguration"]["TargetValue"] == USED_SHARE * 100
    functions = templates.resources("AWS::Lambda::Function").values()
    quiet = [each for each in functions if each["Handler"].startswith(("pipeline.", "console."))]
    assert {each["LoggingConfig"]["SystemLogLevel"] for each in quiet} == {"WARN"}  # no START, END and REPORT
    recoverable = {
        table["TableName"]
        for table in templates.resources("AWS::DynamoDB::Table").values()
        if table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"]
    }
    assert recoverable == {f"takings-{tier}-decisions", f"takings-{tier}-recommendations"}

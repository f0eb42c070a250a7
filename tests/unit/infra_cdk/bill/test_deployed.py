"""What a deployment file makes of a tier is what its bill is of."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest

from infra_cdk import installation
from infra_cdk.bill.deployed import deployed
from infra_cdk.configuration import DEPLOYMENT
from infra_cdk.deploying import bill
from infra_cdk.installation import Installation

DOMAIN = '\n[domain]\nname = "shop.example"\nhosted_zone_id = "Z0123456789ABCDEFGHIJ"\n'


def given(folder: Path, tier: str, domain: str = DOMAIN, presence: str = "create") -> Installation:
    """An installation like ours, with or without a domain, and with its services of the account."""
    path = folder / f"{tier}-{'hosted' if domain else 'own'}-{presence}.toml"  # files are read once
    text = re.sub(r'= "create"', f'= "{presence}"', DEPLOYMENT.read_text(encoding="utf-8"))
    path.write_text(f"{text}{domain}", encoding="utf-8")
    return installation.load(tier, path)


@pytest.mark.parametrize("tier", ["startup", "scale"])
def test_with_a_domain_the_larger_tiers_are_built_as_they_are(tmp_path: Path, tier: str) -> None:
    here = given(tmp_path, tier)
    assert deployed(here) == here.tier


def test_the_zone_of_a_domain_is_paid_for_in_dev_too(tmp_path: Path) -> None:
    with_zone, without = given(tmp_path, "dev"), given(tmp_path, "dev", domain="")
    assert bill.estimated(with_zone).monthly_usd - bill.estimated(without).monthly_usd == Decimal("0.5")


def test_without_a_domain_nothing_is_hosted_and_cloudfront_takes_the_requests(tmp_path: Path) -> None:
    built = deployed(given(tmp_path, "startup", domain=""))
    assert (built.console.hosted, built.console.tasks, built.collector.entrance) == (False, 0, "cloudfront")
    assert (built.network.nat_gateways, built.network.public_addresses, built.network.hosted_zones) == (0, 0, 0)
    services = bill.estimated(given(tmp_path, "startup", domain="")).by_service
    assert "Elastic Load Balancing" not in services
    assert services["Amazon CloudFront"] > 0


def test_a_service_of_the_account_that_is_skipped_costs_nothing_and_one_that_is_there_the_same(tmp_path: Path) -> None:
    created = bill.estimated(given(tmp_path, "scale")).by_service
    adopted = bill.estimated(given(tmp_path, "scale", presence="adopt")).by_service
    skipped = bill.estimated(given(tmp_path, "scale", presence="skip")).by_service
    assert created == adopted
    assert set(created) - set(skipped) == {"Amazon GuardDuty", "AWS Security Hub", "AWS Config", "Amazon Macie"}


def test_a_bill_above_the_band_of_its_tier_says_so_and_what_makes_it_less(tmp_path: Path) -> None:
    _, remark, *_ = bill.lines(given(tmp_path, "scale", domain=""))
    assert remark.startswith(
        "  That is more than the $1,500 that the tier is made for. With a [domain] the load balancer"
    )
    for tier in ("dev", "startup", "scale"):
        assert not any("made for" in line for line in bill.lines(given(tmp_path, tier)))

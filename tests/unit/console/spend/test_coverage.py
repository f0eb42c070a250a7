"""Commitment coverage and utilisation, on literal usage."""

from __future__ import annotations

from decimal import Decimal

from console.spend.coverage import PricedUsage, commitments, is_eligible

EC2 = "Amazon Elastic Compute Cloud"


def usage(
    usage_type: str,
    pricing: str,
    status: str = "(none)",
    *,
    list_cost: str | None = "10",
    effective: str = "10",
    service: str = EC2,
) -> PricedUsage:
    known = None if list_cost is None else Decimal(list_cost)
    return PricedUsage(service, usage_type, pricing, status, known, Decimal(effective))


def test_coverage_divides_list_costs_and_utilisation_effective_costs() -> None:
    found = commitments(
        [
            usage("BoxUsage:m5.large", "Committed", "Used", list_cost="30", effective="20"),
            usage("BoxUsage:c5.large", "Standard", list_cost="70", effective="70"),  # could be covered
            usage("BoxUsage:m5.large", "Dynamic", list_cost="99"),  # spot: never can
            usage("EBS:VolumeUsage", "Standard", list_cost="99"),  # no commitment is sold for it
            usage("BoxUsage:m5.large", "Committed", "Unused", list_cost="0", effective="5"),
        ]
    )
    assert (found.covered, found.eligible, found.coverage) == (Decimal(30), Decimal(100), Decimal("0.3"))
    assert (found.used, found.unused, found.utilisation) == (Decimal(20), Decimal(5), Decimal("0.8"))
    assert found.saved == Decimal(10)


def test_usage_of_the_very_kind_that_is_covered_somewhere_is_eligible() -> None:
    found = commitments(
        [
            usage("QG5Y4", "Committed", "Used", service="Some Service"),
            usage("QG5Y4", "Standard", service="Some Service", list_cost="30"),
            usage("OTHER", "Standard", service="Some Service", list_cost="99"),
        ]
    )
    assert found.coverage == Decimal("0.25")


def test_without_a_commitment_coverage_is_zero_and_utilisation_unknown() -> None:
    found = commitments([usage("BoxUsage", "Standard")])
    assert (found.coverage, found.utilisation, found.has_any) == (Decimal(0), None, False)


def test_without_eligible_usage_or_with_an_unknown_list_cost_coverage_is_unknown() -> None:
    assert commitments([]).coverage is None
    assert commitments([usage("BoxUsage", "Committed", "Used", list_cost=None)]).coverage is None
    known_and_not = [usage("BoxUsage", "Committed", "Used"), usage("BoxUsage", "Standard", list_cost=None)]
    assert commitments(known_and_not).coverage is None


def test_eligible_is_told_by_service_and_usage_type() -> None:
    assert is_eligible("AWS Lambda", "USE1-Lambda-GB-Second-ARM")
    assert not is_eligible("AWS Lambda", "USE1-Request-ARM")
    assert not is_eligible("Amazon Simple Storage Service", "TimedStorage-ByteHrs")

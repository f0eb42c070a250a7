"""NAT gateways: idle ones, and traffic to AWS services that an endpoint would carry for less."""

from __future__ import annotations

from decimal import Decimal

from console.asking.formatting import counted, data_size
from console.savings.facts import NatGateway
from console.savings.findings import Charges, Effort, Finding, Risk
from console.savings.judging import (
    GIGABYTE,
    HOURS_A_MONTH,
    LEAST_HOURS,
    Case,
    Check,
    Kind,
    a_month,
    dollars_a_month,
    is_worth,
)

FREE_ENDPOINTS = {"s3": "S3", "dynamodb": "DynamoDB"}  # services with gateway endpoints, which cost nothing
IDLE_BYTES = 10**6  # over the period: less is only the gateway's own health probes
_CHARGES = Charges(("NatGateway",))
_PAGES = "docs.aws.amazon.com/vpc/latest/privatelink"
_IDLE = Kind("idle", Effort.LOW, Risk.MEDIUM, _CHARGES)
_REPLACE = Kind("replace", Effort.MEDIUM, Risk.MEDIUM, _CHARGES, f"{_PAGES}/aws-services-privatelink-support.html")
_ENDPOINTS = Kind("endpoints", Effort.LOW, Risk.LOW, _CHARGES, f"{_PAGES}/gateway-endpoints.html")


def _judge(case: Case[NatGateway]) -> Finding | None:
    """Nothing goes through, endpoints can replace it, or free endpoints can take a part of its traffic."""
    if case.facts.hours < LEAST_HOURS:
        return None
    if case.facts.bytes_processed < IDLE_BYTES:
        return _idle(case)
    return _replaced(case) or _free_endpoints(case)


def _gigabytes(processed: int, gateway: NatGateway) -> Decimal:
    return a_month(processed, gateway.hours) / GIGABYTE


def _evidence(case: Case[NatGateway]) -> list[tuple[str, str]]:
    gateway = case.facts
    return [
        case.measured(gateway.hours),
        ("Processed", data_size(gateway.bytes_processed)),
        ("Endpoints there", ", ".join(gateway.endpoints) or "none"),
    ]


def _idle(case: Case[NatGateway]) -> Finding:
    gateway, rates = case.facts, case.rates
    return case.finding(
        _IDLE,
        f"NAT gateway {gateway.name} carries nothing",
        monthly=rates.cost({"nat_gateway.hour": HOURS_A_MONTH}),
        evidence=_evidence(case),
        steps=[
            "Look for a route that needs it: aws ec2 describe-route-tables --filters "
            f"Name=route.nat-gateway-id,Values={gateway.name}",
            f"aws ec2 delete-nat-gateway --nat-gateway-id {gateway.name}, then release its address.",
        ],
        undo=["aws ec2 create-nat-gateway, and point the routes at the new one. Its public address is another."],
        formula=f"730 h × {rates.text('nat_gateway.hour')}",
    )


def _replaced(case: Case[NatGateway]) -> Finding | None:
    """Interface endpoints in place of the gateway, where it is known that only AWS services are called through it."""
    gateway, rates = case.facts, case.rates
    if gateway.destinations is None or gateway.destinations.get("internet", 0):
        return None
    called = sorted(name for name, amount in gateway.destinations.items() if amount and name != "internet")
    paid = [name for name in called if name not in FREE_ENDPOINTS and name not in gateway.endpoints]
    carried = sum(gateway.destinations[name] for name in paid)
    now = rates.cost(
        {"nat_gateway.hour": HOURS_A_MONTH, "nat_gateway.gigabyte": _gigabytes(gateway.bytes_processed, gateway)}
    )
    then = rates.cost(
        {
            "vpc_endpoint.interface_hour": HOURS_A_MONTH * len(paid) * gateway.zones,
            "vpc_endpoint.gigabyte": _gigabytes(carried, gateway),
        }
    )
    if now is not None and then is not None and then >= now:
        rates.forget()
        return None
    return case.finding(
        _REPLACE,
        f"Endpoints can replace NAT gateway {gateway.name}",
        monthly=None if now is None or then is None else now - then,
        evidence=[
            *_evidence(case),
            ("Called through it", ", ".join(called)),
            ("Cost now", dollars_a_month(now)),
            ("Cost of endpoints", dollars_a_month(then)),
        ],
        steps=[
            *(_create(name, gateway) for name in called if name not in gateway.endpoints),
            "Watch the gateway's BytesOutToDestination fall to 0 for a week, then delete it.",
        ],
        undo=["Create the gateway again and point the routes at it; then delete the endpoints."],
        formula=f"(730 h × {rates.text('nat_gateway.hour')} + GB × {rates.text('nat_gateway.gigabyte')}) − "
        f"({counted(len(paid), 'endpoint')} × {counted(gateway.zones, 'zone')} × 730 h × "
        f"{rates.text('vpc_endpoint.interface_hour')} + GB × {rates.text('vpc_endpoint.gigabyte')}); "
        "S3 and DynamoDB endpoints are free",
    )


def _free_endpoints(case: Case[NatGateway]) -> Finding | None:
    """S3 and DynamoDB through their free endpoints."""
    gateway, rates = case.facts, case.rates
    lacking = {key: name for key, name in FREE_ENDPOINTS.items() if key not in gateway.endpoints}
    known = gateway.destinations
    moved = None if known is None else sum(known.get(key, 0) for key in lacking)
    if not lacking or moved == 0:
        return None
    everything = rates.cost({"nat_gateway.gigabyte": _gigabytes(gateway.bytes_processed, gateway)})
    if not is_worth(everything):
        return None
    names = " and ".join(lacking.values())
    return case.finding(
        _ENDPOINTS,
        f"No endpoint for {names} beside NAT gateway {gateway.name}",
        monthly=None if moved is None else rates.cost({"nat_gateway.gigabyte": _gigabytes(moved, gateway)}),
        evidence=[
            *_evidence(case),
            ("To S3 and DynamoDB", "unknown" if moved is None else data_size(moved)),
            ("At most", dollars_a_month(everything)),
        ],
        steps=[_create(key, gateway) for key in lacking],
        undo=["aws ec2 delete-vpc-endpoints --vpc-endpoint-ids ID"],
        formula=f"GB to {names} × {rates.text('nat_gateway.gigabyte')}; a gateway endpoint is free",
        unknown_because="flow logs do not say where the bytes go" if moved is None else "",
    )


def _create(service: str, gateway: NatGateway) -> str:
    kind = "Gateway --route-table-ids TABLES" if service in FREE_ENDPOINTS else "Interface --subnet-ids SUBNETS"
    return (
        f"aws ec2 create-vpc-endpoint --vpc-id VPC-OF-{gateway.name} --service-name com.amazonaws.REGION.{service} "
        f"--vpc-endpoint-type {kind}"
    )


check = Check("network", "NAT gateways against endpoints", lambda inventory: inventory.nat_gateways, (_judge,))

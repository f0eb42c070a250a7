"""NAT gateways: idle ones, and traffic to AWS services that an endpoint would carry for less."""

from __future__ import annotations

from decimal import Decimal

from console.savings.facts import NatGateway
from console.savings.findings import (
    GIGABYTE,
    HOURS_A_MONTH,
    Charges,
    Checked,
    Effort,
    Finding,
    Prices,
    Rates,
    Risk,
    a_month,
    count,
    dollars,
    figures,
    is_worth,
    size,
)
from console.savings.inventory import Inventory

NAME, TITLE = "network", "NAT gateways against endpoints"
FREE_ENDPOINTS = ("s3", "dynamodb")  # gateway endpoints cost nothing
LEAST_HOURS = 7 * 24  # a gateway that is younger is not judged
IDLE_BYTES = 10**6  # a gateway's own health probes; less a period means that nothing goes through
_ENDPOINTS = "docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html"
_INTERFACES = "docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html"
_CHARGES = Charges(("NatGateway",))


def check(inventory: Inventory, prices: Prices) -> Checked:
    """At most one finding a gateway: nothing goes through, endpoints can replace it, or take a part."""
    found = [_judge(gateway, inventory, prices) for gateway in inventory.nat_gateways.items]
    findings = tuple(each for each in found if each is not None and is_worth(each.monthly))
    return Checked(NAME, TITLE, len(found), findings, inventory.nat_gateways.missing)


def _judge(gateway: NatGateway, inventory: Inventory, prices: Prices) -> Finding | None:
    if gateway.hours < LEAST_HOURS:
        return None
    if gateway.bytes_processed < IDLE_BYTES:
        return _idle(gateway, inventory, prices)
    return _replaced(gateway, inventory, prices) or _free_endpoints(gateway, inventory, prices)


def _gigabytes(processed: int, gateway: NatGateway) -> Decimal:
    return a_month(processed, gateway.hours) / GIGABYTE


def _evidence(gateway: NatGateway, inventory: Inventory) -> list[tuple[str, str]]:
    return [
        ("Measured", f"{inventory.period.label()}, {count(gateway.hours)} hours"),
        ("Processed", size(gateway.bytes_processed)),
        ("Endpoints there", ", ".join(gateway.endpoints) or "none"),
    ]


def _idle(gateway: NatGateway, inventory: Inventory, prices: Prices) -> Finding:
    rates = Rates(prices, inventory.region)
    return Finding(
        key=f"{NAME}.idle/{gateway.resource}",
        check=NAME,
        title=f"NAT gateway {gateway.name} carries nothing",
        resource=gateway.resource,
        monthly=rates.cost({"nat_gateway.hour": HOURS_A_MONTH}),
        effort=Effort.LOW,
        risk=Risk.MEDIUM,
        evidence=figures(_evidence(gateway, inventory)),
        steps=(
            "Look for a route that needs it: aws ec2 describe-route-tables --filters "
            f"Name=route.nat-gateway-id,Values={gateway.name}",
            f"aws ec2 delete-nat-gateway --nat-gateway-id {gateway.name}, then release its address.",
        ),
        undo=("aws ec2 create-nat-gateway, and point the routes at the new one. Its public address is another.",),
        formula=f"730 h × {rates.text('nat_gateway.hour')}",
        sources=rates.sources,
        charges=_CHARGES,
        unknown_because=rates.because(),
    )


def _replaced(gateway: NatGateway, inventory: Inventory, prices: Prices) -> Finding | None:
    """Interface endpoints in place of the gateway, where it is known that only AWS services are called through it."""
    if gateway.destinations is None or gateway.destinations.get("internet", 0):
        return None
    called = sorted(name for name, amount in gateway.destinations.items() if amount and name != "internet")
    paid = [name for name in called if name not in FREE_ENDPOINTS and name not in gateway.endpoints]
    carried = sum(gateway.destinations[name] for name in paid)
    rates = Rates(prices, inventory.region)
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
        return None
    return Finding(
        key=f"{NAME}.replace/{gateway.resource}",
        check=NAME,
        title=f"Endpoints can replace NAT gateway {gateway.name}",
        resource=gateway.resource,
        monthly=None if now is None or then is None else now - then,
        effort=Effort.MEDIUM,
        risk=Risk.MEDIUM,
        evidence=figures(
            [
                *_evidence(gateway, inventory),
                ("Called through it", ", ".join(called)),
                ("Cost now", f"{dollars(now)} a month"),
                ("Cost of endpoints", f"{dollars(then)} a month"),
            ]
        ),
        steps=(
            *(_create(name, gateway) for name in called if name not in gateway.endpoints),
            "Watch the gateway's BytesOutToDestination fall to 0 for a week, then delete it.",
        ),
        undo=("Create the gateway again and point the routes at it; then delete the endpoints.",),
        formula=f"(730 h × {rates.text('nat_gateway.hour')} + GB × {rates.text('nat_gateway.gigabyte')}) − "
        f"({len(paid)} endpoints × {gateway.zones} zones × 730 h × {rates.text('vpc_endpoint.interface_hour')} "
        f"+ GB × {rates.text('vpc_endpoint.gigabyte')}); S3 and DynamoDB endpoints are free",
        sources=(*rates.sources, _INTERFACES),
        charges=_CHARGES,
        unknown_because=rates.because(),
    )


def _free_endpoints(gateway: NatGateway, inventory: Inventory, prices: Prices) -> Finding | None:
    """S3 and DynamoDB through their free endpoints."""
    lacking = [name for name in FREE_ENDPOINTS if name not in gateway.endpoints]
    if not lacking:
        return None
    rates = Rates(prices, inventory.region)
    known = gateway.destinations
    moved = None if known is None else sum(known.get(name, 0) for name in lacking)
    if moved == 0:
        return None
    everything = rates.cost({"nat_gateway.gigabyte": _gigabytes(gateway.bytes_processed, gateway)})
    if not is_worth(everything):
        return None
    monthly = None if moved is None else rates.cost({"nat_gateway.gigabyte": _gigabytes(moved, gateway)})
    because = "flow logs do not say where the bytes go" if moved is None else rates.because()
    return Finding(
        key=f"{NAME}.endpoints/{gateway.resource}",
        check=NAME,
        title=f"No endpoint for {' and '.join(_NAMES[name] for name in lacking)} beside NAT gateway {gateway.name}",
        resource=gateway.resource,
        monthly=monthly,
        effort=Effort.LOW,
        risk=Risk.LOW,
        evidence=figures(
            [
                *_evidence(gateway, inventory),
                ("To S3 and DynamoDB", "unknown" if moved is None else size(moved)),
                ("At most", f"{dollars(everything)} a month"),
            ]
        ),
        steps=tuple(_create(name, gateway) for name in lacking),
        undo=("aws ec2 delete-vpc-endpoints --vpc-endpoint-ids ID",),
        formula=f"GB to {' and '.join(_NAMES[name] for name in lacking)} × {rates.text('nat_gateway.gigabyte')}; a "
        "gateway endpoint is free",
        sources=(*rates.sources, _ENDPOINTS),
        charges=_CHARGES,
        unknown_because=because if monthly is None else "",
    )


_NAMES = {"s3": "S3", "dynamodb": "DynamoDB"}


def _create(name: str, gateway: NatGateway) -> str:
    kind = "Gateway --route-table-ids TABLES" if name in FREE_ENDPOINTS else "Interface --subnet-ids SUBNETS"
    return (
        f"aws ec2 create-vpc-endpoint --vpc-id VPC-OF-{gateway.name} --service-name com.amazonaws.REGION.{name} "
        f"--vpc-endpoint-type {kind}"
    )

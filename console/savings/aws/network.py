"""NAT gateways, what they carried, and the endpoints beside them."""

from __future__ import annotations

from decimal import Decimal

from console.savings.aws.metrics import Metrics, series
from console.savings.aws.reading import Account
from console.savings.facts import NatGateway
from console.savings.inventory import Read

_METRICS = ("BytesInFromSource", "BytesInFromDestination")  # what comes in on either side is processed


def read(account: Account, metrics: Metrics) -> Read[NatGateway]:
    """All gateways of the region. Only flow logs could say where the bytes go, so that is left unknown."""
    ec2 = account.reader("ec2")
    available = [{"Name": "state", "Values": ["available"]}]
    gateways = list(ec2.items("describe_nat_gateways", "NatGateways", Filters=available))
    endpoints = list(ec2.items("describe_vpc_endpoints", "VpcEndpoints")) if gateways else []
    found = []
    for gateway in gateways:
        name = gateway["NatGatewayId"]
        processed = series("AWS/NATGateway", _METRICS, "NatGatewayId", name)
        carried = metrics.hourly(processed, since=gateway["CreateTime"])
        total = sum((sum(values, Decimal(0)) for values in carried), Decimal(0))
        beside = {
            endpoint["ServiceName"].rsplit(".", 1)[-1]
            for endpoint in endpoints
            if endpoint["VpcId"] == gateway["VpcId"]
        }
        found.append(NatGateway(name, name, int(total), len(carried[0]), 1, tuple(sorted(beside)), None))
    return Read(tuple(found))

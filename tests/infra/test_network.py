"""The private network: three zones, and nothing that is paid by the hour where nobody needs it."""

from __future__ import annotations

from tests.infra.templates import Templates


def zones(templates: Templates, kind: str) -> list[str]:
    """The zones of the subnets of a kind, such as ``isolated``."""
    return sorted(
        subnet["AvailabilityZone"]
        for subnet in templates.resources("AWS::EC2::Subnet").values()
        if {"Key": "aws-cdk:subnet-name", "Value": kind} in subnet["Tags"]
    )


def test_a_tier_without_warehouse_and_hosted_console_has_no_network(all_templates: dict[str, Templates]) -> None:
    assert [tier for tier, found in all_templates.items() if "network" not in found.by_part] == ["dev"]


def test_the_warehouse_alone_has_isolated_subnets_in_three_zones_and_no_gateway_to_the_internet(
    all_templates: dict[str, Templates],
) -> None:
    for tier in ("startup", "scale"):
        templates = all_templates[tier]
        assert zones(templates, "isolated") == ["eu-central-1a", "eu-central-1b", "eu-central-1c"]
        assert len(templates.resources("AWS::EC2::Subnet")) == 3
        for kind in ("AWS::EC2::NatGateway", "AWS::EC2::InternetGateway", "AWS::EC2::EIP"):
            assert not templates.resources(kind)
        routes = templates.resources("AWS::EC2::Route").values()
        assert not routes, "isolated subnets lead nowhere"


def test_the_hosted_console_has_as_many_gateways_as_the_tier_says_and_the_isolated_subnets_stay_where_they_are(
    everything: Templates, all_templates: dict[str, Templates]
) -> None:
    assert len(everything.resources("AWS::EC2::NatGateway")) == 2
    for kind in ("isolated", "private", "public"):
        assert zones(everything, kind) == ["eu-central-1a", "eu-central-1b", "eu-central-1c"]

    def isolated(templates: Templates) -> dict[str, str]:
        return {
            name: subnet["CidrBlock"]
            for name, subnet in templates.resources("AWS::EC2::Subnet").items()
            if {"Key": "aws-cdk:subnet-name", "Value": "isolated"} in subnet["Tags"]
        }

    assert isolated(everything) == isolated(all_templates["scale"])
    assert not [subnet for subnet in everything.resources("AWS::EC2::Subnet").values() if subnet["MapPublicIpOnLaunch"]]


def test_objects_and_items_are_read_without_a_gateway_and_each_connection_is_noted_for_days(
    all_templates: dict[str, Templates],
) -> None:
    templates = all_templates["startup"]
    endpoints = templates.resources("AWS::EC2::VPCEndpoint").values()
    assert {endpoint["VpcEndpointType"] for endpoint in endpoints} == {"Gateway"}
    assert sorted(str(endpoint["ServiceName"]).rpartition(".")[2].strip("']}") for endpoint in endpoints) == [
        "dynamodb",
        "s3",
    ]
    flows = templates.one("AWS::EC2::FlowLog")
    assert (flows["ResourceType"], flows["TrafficType"], flows["MaxAggregationInterval"]) == ("VPC", "ALL", 600)
    assert templates.one("AWS::Logs::LogGroup", "network")["RetentionInDays"] == 7


def test_in_public_subnets_refused_connections_alone_are_noted_and_in_the_others_all(everything: Templates) -> None:
    flows = everything.resources("AWS::EC2::FlowLog").values()
    assert [flow["TrafficType"] for flow in flows if flow["ResourceType"] == "VPC"] == ["REJECT"]
    accepted = [flow["ResourceId"]["Ref"] for flow in flows if flow["ResourceType"] == "Subnet"]
    assert {flow["TrafficType"] for flow in flows if flow["ResourceType"] == "Subnet"} == {"ACCEPT"}
    inner = {
        name.partition("/")[2]
        for name, subnet in everything.resources("AWS::EC2::Subnet").items()
        if {"Key": "aws-cdk:subnet-name", "Value": "public"} not in subnet["Tags"]
    }
    assert sorted(accepted) == sorted(inner)
    assert len(inner) == 6  # isolated and private, in three zones

"""The private network of the warehouse and of the hosted console: no more than the console needs so far."""

from __future__ import annotations

from aws_cdk import Acknowledgment, Validations
from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from infra_cdk.installation import Installation
from infra_cdk.parts.stack import InstallationStack
from infra_cdk.rules.accepted import accept


class Network(InstallationStack):
    """Three zones: public, private and isolated subnets."""

    part = "network"

    def __init__(self, scope: Construct, installation: Installation) -> None:
        super().__init__(scope, installation, "Takings: the private network")
        self.vpc = ec2.Vpc(
            self,
            "Vpc",
            ip_addresses=ec2.IpAddresses.cidr(installation.configuration.network.cidr),
            availability_zones=self.availability_zones,
            nat_gateways=installation.tier.network.nat_gateways,
            restrict_default_security_group=False,
            subnet_configuration=[
                ec2.SubnetConfiguration(
                    name="public", subnet_type=ec2.SubnetType.PUBLIC, map_public_ip_on_launch=False
                ),
                ec2.SubnetConfiguration(name="private", subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS),
                ec2.SubnetConfiguration(name="isolated", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED),
            ],
        )
        accept(self.vpc, "Its flow logs come with the warehouse", "VPC7")
        Validations.of(self.vpc).acknowledge(
            Acknowledgment(id="CloudFormation-Validate::W3010", reason="The configuration names the zones")
        )

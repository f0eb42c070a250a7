"""The private network of the warehouse and of the hosted console.

A NAT gateway costs $33 to $38 a month and $0.045 to $0.052 a GB, an interface endpoint $7.30 to $8.80 in each zone. The
console asks twelve services of its region, images and logs included (`ENDPOINTS`): in two zones these are $175 to
$210, against $38 to $76 for the gateways, which it needs all the same: Cost Explorer, Budgets and the price list answer
in us-east-1 alone. So the tiers have none; one that has some gets the first ones of the list. The endpoints of S3 and
DynamoDB are free, and take most of the traffic.

The default security group is left as AWS makes it, since only a function of its own could empty it: it lets its members
reach each other, and has none.
"""

from __future__ import annotations

from aws_cdk import Acknowledgment, Validations
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra_cdk.installation import NETWORK, Installation
from infra_cdk.parts.log_groups import log_group
from infra_cdk.parts.principals import service_of_account
from infra_cdk.parts.stack import InstallationStack

FLOW_DAYS = 7
FLOW_SECONDS = 600  # that a record sums up: the longest, and the fewest records
SUBNET_BITS = 4  # of the network's addresses: 16 subnets, nine are used
ENDPOINTS = (
    "logs", "ecr.dkr", "ecr.api", "athena", "glue", "redshift-data", "secretsmanager", "kms", "monitoring", "sts",
    "kinesis-streams", "lambda",
)  # fmt: skip
"""Services that the console asks in its region, by the last part of their endpoints' names; the busiest first."""


class Network(InstallationStack):
    """Isolated subnets in three zones; public and private ones where the console is hosted."""

    part = NETWORK

    def __init__(self, scope: Construct, installation: Installation) -> None:
        super().__init__(scope, installation, "Takings: the private network")
        network = installation.tier.network
        hosted = installation.hosts_console
        # isolated ones first: their addresses stay when the others come or go
        kinds = [("isolated", ec2.SubnetType.PRIVATE_ISOLATED)]
        if hosted:
            kinds += [("public", ec2.SubnetType.PUBLIC), ("private", ec2.SubnetType.PRIVATE_WITH_EGRESS)]
        cidr = installation.configuration.network.cidr
        mask = int(cidr.partition("/")[2]) + SUBNET_BITS
        self.vpc = ec2.Vpc(
            self,
            "Vpc",
            vpc_name=installation.prefix,
            ip_addresses=ec2.IpAddresses.cidr(cidr),
            availability_zones=self.availability_zones,
            nat_gateways=network.nat_gateways if hosted else 0,
            restrict_default_security_group=False,
            gateway_endpoints={
                "S3": ec2.GatewayVpcEndpointOptions(service=ec2.GatewayVpcEndpointAwsService.S3),
                "DynamoDb": ec2.GatewayVpcEndpointOptions(service=ec2.GatewayVpcEndpointAwsService.DYNAMODB),
            },
            subnet_configuration=[
                ec2.SubnetConfiguration(
                    name=name,
                    subnet_type=kind,
                    cidr_mask=mask,
                    map_public_ip_on_launch=False if kind is ec2.SubnetType.PUBLIC else None,
                )
                for name, kind in kinds
            ],
        )
        Validations.of(self.vpc).acknowledge(
            Acknowledgment(id="CloudFormation-Validate::W3010", reason="The configuration names the zones")
        )
        if hosted:
            self._interface_endpoints(ENDPOINTS[: network.interface_endpoints])
        self._flow_logs()

    def _interface_endpoints(self, services: tuple[str, ...]) -> None:
        zones = self.installation.tier.network.availability_zones
        for service in services:
            self.vpc.add_interface_endpoint(
                f"Endpoint-{service}",
                service=ec2.InterfaceVpcEndpointAwsService(service),
                subnets=ec2.SubnetSelection(subnets=self.vpc.private_subnets[:zones]),
            )

    def _flow_logs(self) -> None:
        """Who spoke with whom, for some days.

        In public subnets, where each connection of a sender would be some lines, only what was refused: at Scale the
        others would cost $33 a month.
        """
        name = f"/aws/vpc/{self.installation.prefix}"
        group = log_group(self, "FlowLogs", name=name, days=FLOW_DAYS)
        role = iam.Role(self, "FlowRole", assumed_by=service_of_account(self, "vpc-flow-logs"))
        role.add_to_policy(
            iam.PolicyStatement(
                actions=["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
                resources=[group.log_group_arn],
            )
        )
        places = [("Flows", "VPC", self.vpc.vpc_id, "ALL")]
        if self.vpc.public_subnets:
            inner = [*self.vpc.isolated_subnets, *self.vpc.private_subnets]
            places = [("Flows", "VPC", self.vpc.vpc_id, "REJECT")]
            places += [(f"Flows{number}", "Subnet", one.subnet_id, "ACCEPT") for number, one in enumerate(inner, 1)]
        for construct_id, kind, place, traffic in places:
            ec2.CfnFlowLog(
                self,
                construct_id,
                resource_id=place,
                resource_type=kind,
                traffic_type=traffic,
                log_destination_type="cloud-watch-logs",
                log_group_name=group.log_group_name,
                deliver_logs_permission_arn=role.role_arn,
                max_aggregation_interval=FLOW_SECONDS,
            )

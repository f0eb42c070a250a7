"""The console: a role for everybody who runs one, and, with a domain, the hosted one behind a sign-in.

Without a domain there is no certificate, and without one nobody can sign in at the load balancer: then the console runs
on its readers' own machines, as it does in a tier that hosts none (decision 25).
"""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from constructs import Construct

from console.aws import permissions
from infra_cdk.installation import WAREHOUSE_READER, Installation
from infra_cdk.parts.console_balancer import behind_the_balancer
from infra_cdk.parts.console_container import console_task
from infra_cdk.parts.console_environment import VIEWER_HEADER, console_environment
from infra_cdk.parts.grants import grant
from infra_cdk.parts.principals import service_of_account
from infra_cdk.parts.sign_in import sign_in
from infra_cdk.parts.stack import InstallationStack
from infra_cdk.rules.accepted import accept
from infra_cdk.stacks.balancer import Balancer
from infra_cdk.stacks.data import Data
from infra_cdk.stacks.network import Network
from infra_cdk.stacks.warehouse import Warehouse

START_SECONDS = 120  # until the load balancer's checks count: the first page loads the forecast's libraries
DATABASE_ROLES = "RedshiftDbRoles"  # tag of an IAM role. Source: Redshift management guide, IAM role tags
WITHOUT_A_DOMAIN = (
    "No [domain] in the deployment file: there is no certificate to sign in with, so the console is not hosted. "
    "It runs on its readers' own machines, with the output ConsoleEnvironment and the role ConsoleReaderRole."
)


class Console(InstallationStack):
    """Role and environment of a console; service, load balancer and sign-in where it is hosted."""

    part = "console"

    def __init__(
        self,
        scope: Construct,
        installation: Installation,
        data: Data,
        network: Network | None,
        warehouse: Warehouse | None,
        balancer: Balancer | None,
    ) -> None:
        super().__init__(scope, installation, "Takings: the console's role, and where it is hosted")
        self.data = data
        self.warehouse = warehouse
        self.variables = console_environment(installation)
        self.reader = self._role("Reader", iam.AccountPrincipal(installation.account), "Runs a console on any machine")
        lines = "\n".join(f"{name}={value}" for name, value in self.variables.items())
        self.output("ConsoleEnvironment", lines, "Environment of a console on your own machine")
        self.output("ConsoleReaderRole", self.reader.role_arn, "Role that it assumes")
        if network is not None and balancer is not None:
            self._hosted(network, balancer)
        elif installation.tier.console.hosted:
            cdk.Annotations.of(self).add_warning_v2("takings:console-without-a-domain", WITHOUT_A_DOMAIN)

    def _role(self, construct_id: str, principal: iam.IPrincipal, description: str) -> iam.Role:
        """A role that may do what the console's adapters need, and nothing else."""
        region = f"{self.region}:{self.account}"
        role = iam.Role(self, construct_id, assumed_by=principal, description=description)
        workgroup = f"arn:aws:athena:{region}:workgroup/{self.variables['TAKINGS_ATHENA_WORKGROUP']}"
        resources = self.data.resources | {
            permissions.WORKGROUP: [workgroup],
            permissions.WAREHOUSE: [self.warehouse.workgroup.attr_workgroup_workgroup_arn] if self.warehouse else [],
        }
        grant(role, permissions.NEEDS, resources)
        if self.warehouse:
            cdk.Tags.of(role).add(DATABASE_ROLES, WAREHOUSE_READER)
        return role

    def _hosted(self, network: Network, balancer: Balancer) -> None:
        service, host = self._service(network), balancer.console.host
        signing_in = sign_in(self, host)
        tasks = behind_the_balancer(self, balancer, vpc=network.vpc, service=service, signing_in=signing_in)
        self.watched = {
            "console-targets": tasks.target_group_full_name,
            "cluster": self.installation.name("console"),
            "console": self.installation.name("console"),
        }
        self.output("ConsoleAddress", f"https://{host}", "The console, for readers who are invited")
        self.output("ReadersPool", signing_in.pool.user_pool_id, "User pool in which readers are invited")

    def _service(self, network: Network) -> ecs.FargateService:
        task_role = self._role("TaskRole", service_of_account(self, "ecs-tasks"), "Runs the hosted console")
        task = console_task(self, task_role, self.variables | {"TAKINGS_VIEWER_HEADER": VIEWER_HEADER})
        cluster = ecs.Cluster(
            self,
            "Cluster",
            cluster_name=self.installation.name("console"),
            vpc=network.vpc,
            container_insights_v2=ecs.ContainerInsights.DISABLED,
        )
        accept(
            cluster, "Its metrics cost as much as the task; the service's own and the balancer's are watched", "ECS4"
        )
        group = ec2.SecurityGroup(
            self, "ServiceGroup", vpc=network.vpc, description="Tasks of the console", allow_all_outbound=False
        )
        group.add_egress_rule(ec2.Peer.any_ipv4(), ec2.Port.tcp(443), "Every service of AWS speaks HTTPS")
        zones = self.installation.tier.network.availability_zones
        return ecs.FargateService(
            self,
            "Service",
            service_name=self.installation.name("console"),
            cluster=cluster,
            task_definition=task,
            desired_count=self.installation.tier.console.tasks,
            min_healthy_percent=100,
            max_healthy_percent=200,
            circuit_breaker=ecs.DeploymentCircuitBreaker(rollback=True),
            health_check_grace_period=cdk.Duration.seconds(START_SECONDS),
            security_groups=[group],
            vpc_subnets=ec2.SubnetSelection(subnets=network.vpc.private_subnets[:zones]),
            assign_public_ip=False,
            enable_execute_command=False,
            enable_ecs_managed_tags=True,
            propagate_tags=ecs.PropagatedTagSource.SERVICE,
        )

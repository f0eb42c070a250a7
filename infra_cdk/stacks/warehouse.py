"""Redshift Serverless, with a limit a day, and the function that loads each published version into it."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_redshiftserverless as redshift
from constructs import Construct

from console.aws import permissions
from console.aws.runners import RUNNERS
from infra_cdk.installation import WAREHOUSE_DATABASE, WAREHOUSE_READER, Installation
from infra_cdk.parts.asynchronous_calls import keep_failed_calls
from infra_cdk.parts.custom import CustomResources
from infra_cdk.parts.failures import failure_queue, takes_events
from infra_cdk.parts.functions import handler_function
from infra_cdk.parts.grants import grant
from infra_cdk.parts.log_groups import log_group
from infra_cdk.parts.stack import InstallationStack
from infra_cdk.stacks.data import Data
from infra_cdk.stacks.network import Network

LOAD = "pipeline.handlers.warehouse"
STATE = "curated/state.json"  # of the lake: its change is a new version
LOGS = ("connectionlog", "userlog")  # who came in and what users there are; the log of statements holds filter values
LOAD_MEGABYTES = 1_024
START_ATTEMPTS, START_SECONDS = 20, 3_600


class Warehouse(InstallationStack):
    """Namespace, workgroup, usage limit, load."""

    part = "warehouse"

    def __init__(self, scope: Construct, installation: Installation, data: Data, network: Network) -> None:
        super().__init__(scope, installation, "Takings: the warehouse and its loads")
        self.data = data
        self.copy_role = self._copy_role()
        self.namespace = self._namespace()
        self.workgroup = self._workgroup(network)
        needs = RUNNERS["infra_cdk.custom.redshift_gaps"]
        gaps = CustomResources(self, "redshift_gaps", needs, {})
        self.limit = gaps.add(
            "UsageLimit",
            "Custom::UsageLimit",
            {
                "WorkgroupArn": self.workgroup.get_att("Workgroup.WorkgroupArn"),
                "RpuHoursADay": installation.tier.warehouse.most_rpu_hours_per_day,
            },
        )
        self.watched = {"usage-limit": self.limit.ref}
        secret = gaps.add("AdminSecret", "Custom::AdminSecret", {"Namespace": self.namespace.ref})
        self.failures = failure_queue(self, "LoadFailures", "load-failures", data.key)
        self.load = self._load(secret.get_att_string("Arn"))
        self._start_loads()

    def _copy_role(self) -> iam.Role:
        """The role that COPY reads the exports with."""
        role = iam.Role(
            self,
            "CopyRole",
            role_name=self.installation.name("copy"),
            assumed_by=iam.CompositePrincipal(
                iam.ServicePrincipal("redshift.amazonaws.com"),
                iam.ServicePrincipal("redshift-serverless.amazonaws.com"),
            ),
        )
        exports = self.installation.bucket_arns("lake", "warehouse/")
        grant(role, RUNNERS["warehouse"], {**self.data.resources, permissions.LAKE: exports})
        return role

    def _namespace(self) -> redshift.CfnNamespace:
        """What is stored; all of it can be loaded again from the lake, so that no snapshot is kept of it."""
        name = self.installation.name("warehouse")
        groups = [
            log_group(
                self,
                f"Log-{kind}",
                name=f"/aws/redshift/{name}/{kind}",
                days=self.installation.tier.collector.log_retention_days,
            )
            for kind in LOGS
        ]
        namespace = redshift.CfnNamespace(
            self,
            "Namespace",
            namespace_name=name,
            db_name=WAREHOUSE_DATABASE,
            admin_username="admin",
            manage_admin_password=True,
            admin_password_secret_kms_key_id=self.data.key.key_id,
            kms_key_id=self.data.key.key_arn,
            default_iam_role_arn=self.copy_role.role_arn,
            iam_roles=[self.copy_role.role_arn],
            log_exports=list(LOGS),
        )
        namespace.node.add_dependency(self.copy_role, *groups)
        return namespace

    def _workgroup(self, network: Network) -> redshift.CfnWorkgroup:
        size = self.installation.tier.warehouse
        group = ec2.SecurityGroup(
            self,
            "Group",
            vpc=network.vpc,
            description="The warehouse: nobody connects, the Data API comes another way",
            allow_all_outbound=False,
        )
        group.add_egress_rule(ec2.Peer.any_ipv4(), ec2.Port.tcp(443), "S3, by the endpoint: there is no other way out")
        workgroup = redshift.CfnWorkgroup(
            self,
            "Workgroup",
            workgroup_name=self.installation.name("warehouse"),
            namespace_name=self.namespace.namespace_name,
            base_capacity=size.base_rpu,
            max_capacity=size.most_rpu,
            enhanced_vpc_routing=True,
            publicly_accessible=False,
            subnet_ids=[subnet.subnet_id for subnet in network.vpc.isolated_subnets],
            security_group_ids=[group.security_group_id],
            config_parameters=[
                redshift.CfnWorkgroup.ConfigParameterProperty(parameter_key="require_ssl", parameter_value="true")
            ],
        )
        workgroup.add_resource_dependency(self.namespace)
        return workgroup

    def _load(self, admin_secret: str) -> lambda_.Function:
        installation = self.installation
        return handler_function(
            self,
            "Load",
            purpose="load",
            description="Brings the published version into the warehouse",
            handler=LOAD,
            package="warehouse",
            needs=RUNNERS[LOAD],
            resources={
                **self.data.resources,
                permissions.ADMIN_SECRET: [admin_secret],
                permissions.FAILURE_QUEUE: [self.failures.queue_arn],
            },
            environment={
                "TAKINGS_LAKE_BUCKET": installation.bucket("lake"),
                "TAKINGS_REDSHIFT_WORKGROUP": installation.name("warehouse"),
                "TAKINGS_REDSHIFT_DATABASE": WAREHOUSE_DATABASE,
                "TAKINGS_REDSHIFT_READER": WAREHOUSE_READER,
                "TAKINGS_REDSHIFT_COPY_ROLE": self.copy_role.role_arn,
                "TAKINGS_REDSHIFT_SECRET": admin_secret,
                "TAKINGS_LOAD_EVERY_MINUTES": str(installation.tier.warehouse.load_every_minutes),
            },
            memory_megabytes=LOAD_MEGABYTES,
            timeout=cdk.Duration.minutes(15),
            reserved_concurrency=1,
        )

    def _start_loads(self) -> None:
        """A new version starts a load; one that waits for another one is started again for some hours."""
        keep_failed_calls(self.load, self.failures, longest_wait=cdk.Duration.hours(6), retries=2)
        takes_events(self, self.failures)
        of = events.CfnRule
        rule = of(
            self,
            "NewVersion",
            name=self.installation.name("load"),
            description="Curation has published a version",
            event_pattern={
                "source": ["aws.s3"],
                "detail-type": ["Object Created"],
                "detail": {"bucket": {"name": [self.installation.bucket("lake")]}, "object": {"key": [STATE]}},
            },
            state="ENABLED",
            targets=[
                of.TargetProperty(
                    id="load",
                    arn=self.load.function_arn,
                    dead_letter_config=of.DeadLetterConfigProperty(arn=self.failures.queue_arn),
                    retry_policy=of.RetryPolicyProperty(
                        maximum_retry_attempts=START_ATTEMPTS, maximum_event_age_in_seconds=START_SECONDS
                    ),
                )
            ],
        )
        self.load.add_permission(
            "NewVersion", principal=iam.ServicePrincipal("events.amazonaws.com"), source_arn=rule.attr_arn
        )

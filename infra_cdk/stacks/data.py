"""What must not be lost: the key, the buckets, the stream and the tables. It stays when everything else goes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_glue as glue
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from console.aws import permissions
from console.tiers.live_table import USED_SHARE
from console.tiers.tiers import Live
from infra_cdk.installation import DATA, Installation
from infra_cdk.parts.buckets import private_bucket
from infra_cdk.parts.databases import glue_database
from infra_cdk.parts.principals import service_of_account
from infra_cdk.parts.removal import KEPT
from infra_cdk.parts.stack import InstallationStack
from infra_cdk.rules.accepted import accept
from pipeline.lake import RAW_ERRORS, RAW_EVENTS, RAW_QUARANTINE, RAW_SPEND, RAW_STREAM

LOG_DAYS = 90
RESULT_DAYS = 7  # Athena reuses results of the last minutes; an export is fetched at once


class Data(InstallationStack):
    """Key, buckets, stream, tables, the catalog's database, write keys."""

    part = DATA

    def __init__(self, scope: Construct, installation: Installation) -> None:
        super().__init__(scope, installation, "Takings: events, tables and what encrypts them", protected=True)
        self.key = self._key()
        self.logs = private_bucket(
            self,
            "Logs",
            bucket_name=installation.bucket("logs"),
            key=None,  # S3 delivers access logs only to buckets with its own key
            logs=None,
            rules=[s3.LifecycleRule(id="old-logs", expiration=cdk.Duration.days(LOG_DAYS))],
        )
        self.lake = private_bucket(
            self,
            "Lake",
            bucket_name=installation.bucket("lake"),
            key=self.key,
            logs=self.logs,
            rules=_lake_rules(installation.tier.lake.raw_retention_days),
        )
        if installation.tier.warehouse.enabled:
            self._announce_objects(self.lake)
        self.results = private_bucket(
            self,
            "Results",
            bucket_name=installation.bucket("results"),
            key=self.key,
            logs=self.logs,
            rules=[s3.LifecycleRule(id="old-results", expiration=cdk.Duration.days(RESULT_DAYS))],
        )
        self.stream = self._stream()
        self.live = self._table(
            "Live", "live", "pk", "sk", time_to_live="expires", provisioned=_live_units(installation.tier.live)
        )
        self._provision_live()
        accept(self.live, "It holds the last hours alone, and is filled again from the stream", "DDB3")
        self.decisions = self._table("Decisions", "decisions", "kind", "key_at", recoverable=True)
        # the next training makes its models again, but not the customers who refuse them
        self.recommendations = self._table(
            "Recommendations", "recommendations", "pk", "sk", time_to_live="expires", recoverable=True
        )
        database = self._database()
        self.write_keys = self._write_keys()
        # last: where something else cannot be made, CloudFormation could not take protected tables away again
        for table in (self.live, self.decisions, self.recommendations):
            table.node.add_dependency(self.logs, self.lake, self.results, self.stream, self.write_keys, database)
        self.resources = self._resources()
        self.output("LakeBucket", self.lake.bucket_name, "Bucket of raw and curated events")
        self.output("WriteKeysSecret", installation.name("write-keys"), "Secret that holds keys.json of the collector")

    def _resources(self) -> dict[str, Sequence[str]]:
        """What `permissions` names, as far as it is here."""
        key = [self.key.key_arn]
        return {
            permissions.LAKE: self.installation.bucket_arns("lake"),
            permissions.RESULTS: self.installation.bucket_arns("results"),
            permissions.DATABASE: self.installation.catalogue_arns,
            permissions.STREAM: [self.stream.stream_arn],
            permissions.LIVE_TABLE: [self.live.table_arn],
            permissions.DECISIONS_TABLE: [self.decisions.table_arn],
            permissions.RECOMMENDATIONS_TABLE: [self.recommendations.table_arn],
            permissions.SECRETS: [self.write_keys.secret_arn],
            permissions.KEY: key,
            permissions.STREAM_KEY: key,
            permissions.TABLE_KEY: key,
            permissions.QUEUE_KEY: key,
            permissions.SECRETS_KEY: key,
        }

    def _key(self) -> kms.Key:
        key = kms.Key(
            self,
            "Key",
            alias=f"alias/{self.installation.name('data')}",
            description="Encrypts everything that this installation of Takings keeps",
            enable_key_rotation=True,
            removal_policy=KEPT,
        )
        for principal in (service_of_account(self, "cloudwatch"), iam.ServicePrincipal("events.amazonaws.com")):
            key.add_to_resource_policy(
                iam.PolicyStatement(
                    principals=[principal],
                    actions=["kms:Decrypt", "kms:GenerateDataKey*"],
                    resources=["*"],  # of a key's policy: the key itself
                )
            )
        key.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal(f"logs.{self.region}.amazonaws.com")],
                actions=["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"],
                resources=["*"],
                conditions={
                    "ArnLike": {"kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:{self.region}:{self.account}:*"}
                },
            )
        )
        return key

    def _stream(self) -> kinesis.Stream:
        size = self.installation.tier.stream
        on_demand = size.mode == "on_demand"
        stream = kinesis.Stream(
            self,
            "Stream",
            stream_name=self.installation.name("events"),
            stream_mode=kinesis.StreamMode.ON_DEMAND if on_demand else kinesis.StreamMode.PROVISIONED,
            shard_count=None if on_demand else size.shards,
            retention_period=cdk.Duration.hours(size.retention_hours),
            encryption=kinesis.StreamEncryption.KMS,
            encryption_key=self.key,
            removal_policy=KEPT,
        )
        accept(stream, "One key for all that is kept: who may not use it reads nothing of it anywhere", "KDS3")
        return stream

    def _table(
        self,
        construct_id: str,
        purpose: str,
        partition: str,
        sort: str,
        *,
        time_to_live: str | None = None,
        recoverable: bool = False,
        provisioned: tuple[int, int] | None = None,
    ) -> dynamodb.Table:
        """A table; `provisioned` gives the read and write units that it begins with, None charges it on demand."""
        read, write = provisioned or (None, None)
        text = dynamodb.AttributeType.STRING
        return dynamodb.Table(
            self,
            construct_id,
            table_name=self.installation.name(purpose),
            partition_key=dynamodb.Attribute(name=partition, type=text),
            sort_key=dynamodb.Attribute(name=sort, type=text),
            billing_mode=dynamodb.BillingMode.PROVISIONED if provisioned else dynamodb.BillingMode.PAY_PER_REQUEST,
            read_capacity=read,
            write_capacity=write,
            encryption=dynamodb.TableEncryption.CUSTOMER_MANAGED,
            encryption_key=self.key,
            time_to_live_attribute=time_to_live,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=recoverable
            ),
            deletion_protection=True,
            removal_policy=KEPT,
        )

    def _announce_objects(self, bucket: s3.Bucket) -> None:
        """Send EventBridge an event for each object, by the property itself: the construct would make a function."""
        resource = cast("s3.CfnBucket", bucket.node.default_child)
        enabled = {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}
        resource.add_property_override("NotificationConfiguration", enabled)

    def _provision_live(self) -> None:
        """Give the live table the capacity of its tier, which follows its use; charged on demand it needs none."""
        size = self.installation.tier.live
        if size.capacity == "on_demand":
            return
        used = int(USED_SHARE * 100)  # percent
        for scaled, least, most in (
            (self.live.auto_scale_write_capacity, size.least_write_units, size.most_write_units),
            (self.live.auto_scale_read_capacity, size.least_read_units, size.most_read_units),
        ):
            scaled(min_capacity=least, max_capacity=most).scale_on_utilization(target_utilization_percent=used)

    def _database(self) -> glue.CfnDatabase:
        """The database of the curated tables: without it, nobody finds the newest description of a table's files."""
        name = self.installation.database
        database = glue_database(self, "CuratedDatabase", name, "Curated tables, made and changed by curation alone")
        database.apply_removal_policy(KEPT)
        return database

    def _write_keys(self) -> secretsmanager.Secret:
        secret = secretsmanager.Secret(
            self,
            "WriteKeys",
            secret_name=self.installation.name("write-keys"),
            description="keys.json of the collector: digests of the write keys, and signing secrets of webhooks",
            encryption_key=self.key,
            secret_string_value=cdk.SecretValue.unsafe_plain_text("[]"),  # no keys: `make deploy` makes the first one
            removal_policy=KEPT,
        )
        accept(secret, "Keys are made and ended one by one by whoever runs the shops that hold them", "SMG4")
        return secret


def _live_units(size: Live) -> tuple[int, int] | None:
    return None if size.capacity == "on_demand" else (size.least_read_units, size.least_write_units)


def _lake_rules(raw_days: int) -> list[s3.LifecycleRule]:
    """Old raw events go; what is read seldom costs less. Curated files are removed by the maintenance job alone.

    Bills stay: curation takes the charges of a bill whose file is gone out of the tables.
    """
    tiering = [s3.Transition(storage_class=s3.StorageClass.INTELLIGENT_TIERING, transition_after=cdk.Duration.days(0))]
    old = cdk.Duration.days(raw_days)
    return [
        *(
            s3.LifecycleRule(id=area.replace("/", "-"), prefix=f"{area}/", transitions=tiering, expiration=old)
            for area in (RAW_STREAM, RAW_EVENTS, RAW_QUARANTINE, RAW_ERRORS)
        ),
        s3.LifecycleRule(id="bills", prefix=f"{RAW_SPEND}/", transitions=tiering),
        s3.LifecycleRule(id="curated", prefix="curated/", transitions=tiering),
    ]

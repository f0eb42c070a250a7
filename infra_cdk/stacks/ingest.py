"""Events to the stream, to live figures and to the raw lake: the functions, and the delivery."""

from __future__ import annotations

import string

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from console.aws import permissions
from console.aws.runners import RUNNERS
from infra_cdk.installation import Installation
from infra_cdk.parts.failures import failure_queue
from infra_cdk.parts.functions import handler_function
from infra_cdk.parts.log_groups import log_group
from infra_cdk.parts.stack import InstallationStack
from infra_cdk.parts.stepwise import stepwise_alias
from infra_cdk.rules.accepted import accept
from infra_cdk.stacks.data import Data

COLLECTOR, LIVE = "pipeline.handlers.collector", "pipeline.handlers.live"
LIVE_BATCH = 2_000  # records; the window ends a batch before, and Lambda at 6 MB
LIVE_ATTEMPTS = 5  # of a batch, halved each time; what fails then is in the failure queue, and in the raw lake as ever
FIREHOSE_BUFFER_MEGABYTES = 64


class Ingest(InstallationStack):
    """Collector, live and delivery.

    Attributes
    ----------
    collector : the alias that whatever takes requests calls
    origin_secret : what CloudFront shows the collector; None where a load balancer calls it
    """

    part = "ingest"

    def __init__(self, scope: Construct, installation: Installation, data: Data) -> None:
        super().__init__(scope, installation, "Takings: from senders to the stream, live figures and raw files")
        self.data = data
        self.origin_secret = None if installation.is_balanced else self._origin_secret()
        self.collector = stepwise_alias(self, self._collector(), "collector")
        self.failures = failure_queue(self, "LiveFailures", "live-failures", data.key)
        self._live()
        self._delivery()

    def _origin_secret(self) -> secretsmanager.Secret:
        """What CloudFront shows the collector; a load balancer calls the function, which nobody else may."""
        secret = secretsmanager.Secret(
            self,
            "OriginSecret",
            secret_name=self.installation.name("origin-token"),
            description="What CloudFront shows the collector, which answers nobody else",
            encryption_key=self.data.key,
            generate_secret_string=secretsmanager.SecretStringGenerator(
                exclude_characters=string.punctuation, password_length=48
            ),
        )
        accept(secret, "It is rotated by hand, in steps: CloudFront and collector do not change at once", "SMG4")
        return secret

    def _collector(self) -> lambda_.Function:
        tier, lake = self.installation.tier, self.installation.configuration.lake
        data = self.data
        secrets = [data.write_keys, *([self.origin_secret] if self.origin_secret else [])]
        of_the_edge = {"TAKINGS_ORIGIN_SECRET_ARN": self.origin_secret.secret_arn} if self.origin_secret else {}
        return handler_function(
            self,
            "Collector",
            purpose="collector",
            description="Takes events and answers with a verdict for each",
            handler=COLLECTOR,
            package="ingest",
            needs=RUNNERS[COLLECTOR],
            resources=data.resources | {permissions.SECRETS: [secret.secret_arn for secret in secrets]},
            environment={
                **of_the_edge,
                "TAKINGS_STREAM": data.stream.stream_name,
                "TAKINGS_LIVE_TABLE": data.live.table_name,
                "TAKINGS_WRITE_KEYS_ARN": data.write_keys.secret_arn,
                "TAKINGS_REPORTING_CURRENCY": lake.reporting_currency,
                "TAKINGS_RETENTION_DAYS": str(lake.retention_days),
                "TAKINGS_FRACTIONAL_QUANTITIES": str(int(lake.fractional_quantities)),
                "TAKINGS_LARGEST_AMOUNT": str(lake.largest_amount),
                "TAKINGS_ORIGINS": ",".join(lake.origins),
                "TAKINGS_METRICS_SECONDS": str(tier.watching.metrics_every_seconds),
            },
            memory_megabytes=tier.collector.memory_megabytes,
            timeout=cdk.Duration.seconds(tier.collector.timeout_seconds),
            reserved_concurrency=tier.collector.reserved_concurrency or None,
        )

    def _live(self) -> None:
        tier, lake, data = self.installation.tier, self.installation.configuration.lake, self.data
        function = handler_function(
            self,
            "Live",
            purpose="live",
            description="Counts what happens now, from the stream",
            handler=LIVE,
            package="ingest",
            needs=RUNNERS[LIVE],
            resources=data.resources | {permissions.FAILURE_QUEUE: [self.failures.queue_arn]},
            environment={
                "TAKINGS_STREAM": data.stream.stream_name,
                "TAKINGS_LIVE_TABLE": data.live.table_name,
                "TAKINGS_RECOMMENDATIONS_TABLE": data.recommendations.table_name,
                "TAKINGS_REPORTING_CURRENCY": lake.reporting_currency,
                "TAKINGS_CONFIRM_PUBLIC_ORDERS": str(int(lake.confirm_public_orders)),
            },
            memory_megabytes=tier.live.memory_megabytes,
            timeout=cdk.Duration.seconds(tier.live.timeout_seconds),
        )
        lambda_.CfnEventSourceMapping(
            self,
            "LiveSource",
            function_name=function.function_name,
            event_source_arn=data.stream.stream_arn,
            starting_position="TRIM_HORIZON",
            batch_size=LIVE_BATCH,
            maximum_batching_window_in_seconds=tier.stream.live_window_seconds,
            parallelization_factor=1,  # a shard is applied by one invocation at a time
            function_response_types=["ReportBatchItemFailures"],
            bisect_batch_on_function_error=True,
            maximum_retry_attempts=LIVE_ATTEMPTS,
            maximum_record_age_in_seconds=tier.stream.retention_hours * 3_600 // 2,
            destination_config=lambda_.CfnEventSourceMapping.DestinationConfigProperty(
                on_failure=lambda_.CfnEventSourceMapping.OnFailureProperty(destination=self.failures.queue_arn)
            ),
        )

    def _delivery(self) -> None:
        data, name = self.data, self.installation.name("raw")
        group = log_group(
            self,
            "DeliveryLogs",
            name=f"/aws/kinesisfirehose/{name}",
            days=self.installation.tier.collector.log_retention_days,
        )
        errors = group.add_stream("DeliveryErrors", log_stream_name="errors")
        role = iam.Role(self, "DeliveryRole", assumed_by=iam.ServicePrincipal("firehose.amazonaws.com"))
        lake_arn, *objects = self.installation.bucket_arns("lake", "raw/stream/", "raw-errors/")
        for actions, resources in (
            (["kinesis:DescribeStream", "kinesis:GetShardIterator", "kinesis:GetRecords", "kinesis:ListShards"],
             [data.stream.stream_arn]),
            (["s3:AbortMultipartUpload", "s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"],
             [lake_arn]),
            (["s3:PutObject"], objects),
            (["kms:Decrypt", "kms:GenerateDataKey"], [data.key.key_arn]),
            (["logs:PutLogEvents"], [group.log_group_arn]),
        ):  # fmt: skip
            role.add_to_policy(iam.PolicyStatement(actions=actions, resources=resources))
        accept(role, "Firehose names its objects", *(f"IAM5[Resource::{arn}]" for arn in objects))
        delivery = firehose.CfnDeliveryStream(
            self,
            "Delivery",
            delivery_stream_name=name,
            delivery_stream_type="KinesisStreamAsSource",
            kinesis_stream_source_configuration=firehose.CfnDeliveryStream.KinesisStreamSourceConfigurationProperty(
                kinesis_stream_arn=data.stream.stream_arn, role_arn=role.role_arn
            ),
            extended_s3_destination_configuration=firehose.CfnDeliveryStream.ExtendedS3DestinationConfigurationProperty(
                bucket_arn=data.lake.bucket_arn,
                role_arn=role.role_arn,
                prefix="raw/stream/dt=!{timestamp:yyyy-MM-dd}/hour=!{timestamp:HH}/",
                error_output_prefix="raw-errors/!{firehose:error-output-type}/dt=!{timestamp:yyyy-MM-dd}/",
                compression_format="GZIP",
                buffering_hints=firehose.CfnDeliveryStream.BufferingHintsProperty(
                    interval_in_seconds=self.installation.tier.lake.firehose_buffer_seconds,
                    size_in_m_bs=FIREHOSE_BUFFER_MEGABYTES,
                ),
                encryption_configuration=firehose.CfnDeliveryStream.EncryptionConfigurationProperty(
                    kms_encryption_config=firehose.CfnDeliveryStream.KMSEncryptionConfigProperty(
                        awskms_key_arn=data.key.key_arn
                    )
                ),
                cloud_watch_logging_options=firehose.CfnDeliveryStream.CloudWatchLoggingOptionsProperty(
                    enabled=True, log_group_name=group.log_group_name, log_stream_name=errors.log_stream_name
                ),
            ),
        )
        delivery.node.add_dependency(role)  # Firehose tries the role when it is made
        accept(delivery, "Its source is the stream, which is encrypted; Firehose takes no other key then", "KDF1")

"""Events from the internet to the stream, to live figures and to the raw lake."""

from __future__ import annotations

import json

import aws_cdk as cdk
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_route53_targets as targets
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sqs as sqs
from aws_cdk.aws_apigatewayv2_integrations import HttpLambdaIntegration
from constructs import Construct

from console.aws import permissions
from infra_cdk.installation import Installation
from infra_cdk.parts.addresses import EVENTS, Address, address_of
from infra_cdk.parts.functions import handler_function
from infra_cdk.parts.log_groups import log_group
from infra_cdk.parts.stack import InstallationStack
from infra_cdk.rules.accepted import accept
from infra_cdk.stacks.data import Data
from infra_cdk.stacks.global_services import GlobalServices

COLLECTOR, LIVE = "pipeline.handlers.collector", "pipeline.handlers.live"
REQUESTS_A_SECOND, BURST = 10_000, 5_000  # what API Gateway allows an account by default
ACCESS_LOG = {  # no query string: it may hold a write key; no address: it is personal
    "requestId": "$context.requestId",
    "method": "$context.httpMethod",
    "path": "$context.path",
    "status": "$context.status",
    "bytes": "$context.responseLength",
    "milliseconds": "$context.responseLatency",
    "error": "$context.error.messageString",
}
LIVE_BATCH = 2_000  # records; the window ends a batch before, and Lambda at 6 MB
LIVE_ATTEMPTS = 5  # of a batch, halved each time; what fails then is in the failure queue, and in the raw lake as ever
FAILURE_DAYS = 14
FIREHOSE_BUFFER_MEGABYTES = 64


class Ingest(InstallationStack):
    """CloudFront, API Gateway, collector, live and delivery."""

    part = "ingest"

    def __init__(self, scope: Construct, installation: Installation, data: Data, everywhere: GlobalServices) -> None:
        super().__init__(scope, installation, "Takings: from senders to the stream, live figures and raw files")
        self.data = data
        self.origin_secret = self._origin_secret()
        self.collector = self._collector()
        self.api = self._api()
        address = address_of(self, EVENTS)
        self.distribution = self._distribution(everywhere, address)
        if address is not None:
            address.records(targets.CloudFrontTarget(self.distribution), ipv6=True)
        self.failures = self._failures()
        self.live = self._live()
        self.delivery = self._delivery()
        self._accept()
        name = self.distribution.domain_name if address is None else address.host
        self.address = f"https://{name}"
        self.watched = {"api": self.api.api_id, "distribution": self.distribution.distribution_id}
        self.output("CollectorAddress", self.address, "Where senders send events")

    def _accept(self) -> None:
        accept(
            self.origin_secret,
            "It is rotated by hand, in steps: CloudFront and collector do not change at once",
            "SMG4",
        )
        accept(self.api, "The collector checks a write key, or the signature of a webhook, itself", "APIG4")
        accept(self.distribution, "Its logs would hold write keys, which travel in the query", "CFR3")
        if self.installation.configuration.domain is None:
            accept(
                self.distribution, "Without a domain the certificate is CloudFront's own, with its own policy", "CFR4"
            )
        accept(self.distribution, "Shops may have customers everywhere", "CFR1")
        accept(self.failures, "It is itself where failed batches go", "SQS3")
        accept(self.delivery, "Its source is the stream, which is encrypted; Firehose takes no other key then", "KDF1")

    def _origin_secret(self) -> secretsmanager.Secret:
        return secretsmanager.Secret(
            self,
            "OriginSecret",
            secret_name=self.installation.name("origin-secret"),
            description="What CloudFront shows the collector, which answers nobody else",
            encryption_key=self.data.key,
            generate_secret_string=secretsmanager.SecretStringGenerator(exclude_punctuation=True, password_length=48),
        )

    def _collector(self) -> lambda_.Function:
        tier, lake = self.installation.tier, self.installation.configuration.lake
        data = self.data
        return handler_function(
            self,
            "Collector",
            purpose="collector",
            description="Takes events and answers with a verdict for each",
            handler=COLLECTOR,
            package="ingest",
            needs=permissions.RUNNERS[COLLECTOR],
            resources=data.resources
            | {permissions.SECRETS: [data.write_keys.secret_arn, self.origin_secret.secret_arn]},
            environment={
                "TAKINGS_STREAM": data.stream.stream_name,
                "TAKINGS_LIVE_TABLE": data.live.table_name,
                "TAKINGS_REPORTING_CURRENCY": lake.reporting_currency,
                "TAKINGS_RETENTION_DAYS": str(lake.retention_days),
                "TAKINGS_FRACTIONAL_QUANTITIES": str(int(lake.fractional_quantities)),
                "TAKINGS_ORIGINS": ",".join(lake.origins),
                "TAKINGS_METRICS_SECONDS": str(tier.watching.metrics_every_seconds),
            },
            memory_megabytes=tier.collector.memory_megabytes,
            timeout=cdk.Duration.seconds(tier.collector.timeout_seconds),
            reserved_concurrency=tier.collector.reserved_concurrency or None,
        )

    def _api(self) -> apigateway.HttpApi:
        api = apigateway.HttpApi(
            self,
            "Api",
            api_name=self.installation.name("collector"),
            description="The collector, behind CloudFront",
            create_default_stage=False,
            default_integration=HttpLambdaIntegration("Collector", self.collector),
        )
        group = log_group(
            self,
            "ApiLogs",
            name=f"/aws/apigateway/{self.installation.name('collector')}",
            days=self.installation.tier.collector.log_retention_days,
        )
        apigateway.CfnStage(
            self,
            "Stage",
            api_id=api.api_id,
            stage_name="$default",
            auto_deploy=True,
            default_route_settings=apigateway.CfnStage.RouteSettingsProperty(
                throttling_rate_limit=REQUESTS_A_SECOND, throttling_burst_limit=BURST, detailed_metrics_enabled=False
            ),
            access_log_settings=apigateway.CfnStage.AccessLogSettingsProperty(
                destination_arn=group.log_group_arn, format=json.dumps(ACCESS_LOG)
            ),
        )
        return api

    def _distribution(self, everywhere: GlobalServices, address: Address | None) -> cloudfront.Distribution:
        host = cdk.Fn.select(2, cdk.Fn.split("/", self.api.api_endpoint))
        return cloudfront.Distribution(
            self,
            "Edge",
            comment=f"{self.installation.prefix}: the collector",
            web_acl_id=everywhere.web_acl_arn,
            domain_names=None if address is None else [address.host],
            certificate=everywhere.certificate,
            minimum_protocol_version=cloudfront.SecurityPolicyProtocol.TLS_V1_2_2021,
            http_version=cloudfront.HttpVersion.HTTP2_AND_3,
            price_class=cloudfront.PriceClass.PRICE_CLASS_100,
            default_behavior=cloudfront.BehaviorOptions(
                origin=origins.HttpOrigin(
                    host,
                    custom_headers={"x-takings-origin": self.origin_secret.secret_value.unsafe_unwrap()},
                    origin_ssl_protocols=[cloudfront.OriginSslPolicy.TLS_V1_2],
                ),
                allowed_methods=cloudfront.AllowedMethods.ALLOW_ALL,
                cache_policy=cloudfront.CachePolicy.CACHING_DISABLED,
                origin_request_policy=cloudfront.OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
                viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
                compress=False,
            ),
        )

    def _failures(self) -> sqs.Queue:
        return sqs.Queue(
            self,
            "LiveFailures",
            queue_name=self.installation.name("live-failures"),
            encryption=sqs.QueueEncryption.KMS,
            encryption_master_key=self.data.key,
            enforce_ssl=True,
            retention_period=cdk.Duration.days(FAILURE_DAYS),
        )

    def _live(self) -> lambda_.Function:
        tier, lake, data = self.installation.tier, self.installation.configuration.lake, self.data
        function = handler_function(
            self,
            "Live",
            purpose="live",
            description="Counts what happens now, from the stream",
            handler=LIVE,
            package="ingest",
            needs=permissions.RUNNERS[LIVE],
            resources=data.resources | {permissions.FAILURE_QUEUE: [self.failures.queue_arn]},
            environment={
                "TAKINGS_STREAM": data.stream.stream_name,
                "TAKINGS_LIVE_TABLE": data.live.table_name,
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
        return function

    def _delivery(self) -> firehose.CfnDeliveryStream:
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
        return delivery

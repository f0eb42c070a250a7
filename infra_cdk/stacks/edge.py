"""Requests of senders by way of CloudFront, its web ACL, and an HTTP API: where no load balancer takes them."""

from __future__ import annotations

import json
from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_route53_targets as targets
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk.aws_apigatewayv2_integrations import HttpLambdaIntegration
from constructs import Construct

from infra_cdk.installation import CERTIFICATE, COLLECTOR_ADDRESS, EDGE, RECOMMENDATIONS, WEB_ACL, Installation
from infra_cdk.parts.addresses import EVENTS, Address, address_of
from infra_cdk.parts.log_groups import log_group
from infra_cdk.parts.stack import InstallationStack
from infra_cdk.rules.accepted import accept
from infra_cdk.stacks.global_services import from_global

PACKED_BODIES = Path(__file__).parents[1] / "edge" / "packed_bodies.js"
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


class Edge(InstallationStack):
    """Distribution and API."""

    part = EDGE

    def __init__(
        self,
        scope: Construct,
        installation: Installation,
        collector: lambda_.IFunction,
        recommendations: lambda_.IFunction,
        origin_secret: secretsmanager.ISecret,
    ) -> None:
        super().__init__(scope, installation, "Takings: requests to collector and recommendations, through CloudFront")
        self.api = self._api(collector)
        self._route(recommendations)
        address = address_of(self, EVENTS)
        distribution = self._distribution(origin_secret, address)
        if address is not None:
            address.records(targets.CloudFrontTarget(distribution), ipv6=True)
        self.takes_requests_at = f"https://{distribution.domain_name if address is None else address.host}"
        self.watched = {"api": self.api.api_id, "distribution": distribution.distribution_id}
        self.output(COLLECTOR_ADDRESS, self.takes_requests_at, "Where senders send events")

    def _api(self, collector: lambda_.IFunction) -> apigateway.HttpApi:
        api = apigateway.HttpApi(
            self,
            "Api",
            api_name=self.installation.name("collector"),
            description="The collector, behind CloudFront",
            create_default_stage=False,
            default_integration=HttpLambdaIntegration("Collector", collector),
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
        accept(api, "The collector checks a write key, or the signature of a webhook, itself", "APIG4")
        return api

    def _route(self, recommendations: lambda_.IFunction) -> None:
        """Questions for recommendations go to their function, by any method: it says itself which ones it takes."""
        integration = HttpLambdaIntegration("Recommendations", recommendations)
        for path in (RECOMMENDATIONS, f"{RECOMMENDATIONS}/{{customer_id+}}"):  # an id may hold slashes
            self.api.add_routes(path=path, methods=[apigateway.HttpMethod.ANY], integration=integration)

    def _distribution(self, secret: secretsmanager.ISecret, address: Address | None) -> cloudfront.Distribution:
        host = cdk.Fn.select(2, cdk.Fn.split("/", self.api.api_endpoint))
        distribution = cloudfront.Distribution(
            self,
            "Edge",
            comment=f"{self.installation.prefix}: the collector",
            web_acl_id=from_global(self, WEB_ACL),
            domain_names=None if address is None else [address.host],
            certificate=None
            if address is None
            else acm.Certificate.from_certificate_arn(self, "Certificate", from_global(self, CERTIFICATE)),
            minimum_protocol_version=cloudfront.SecurityPolicyProtocol.TLS_V1_2_2021,
            http_version=cloudfront.HttpVersion.HTTP2_AND_3,
            price_class=cloudfront.PriceClass.PRICE_CLASS_100,
            default_behavior=cloudfront.BehaviorOptions(
                origin=origins.HttpOrigin(
                    host,
                    custom_headers={"x-takings-origin": secret.secret_value.unsafe_unwrap()},
                    origin_ssl_protocols=[cloudfront.OriginSslPolicy.TLS_V1_2],
                ),
                allowed_methods=cloudfront.AllowedMethods.ALLOW_ALL,
                cache_policy=cloudfront.CachePolicy.CACHING_DISABLED,
                origin_request_policy=cloudfront.OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
                viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
                compress=False,
                function_associations=[
                    cloudfront.FunctionAssociation(
                        function=self._packed_bodies(), event_type=cloudfront.FunctionEventType.VIEWER_REQUEST
                    )
                ],
            ),
        )
        accept(distribution, "Its logs would hold write keys, which travel in the query", "CFR3")
        accept(distribution, "Shops may have customers everywhere", "CFR1")
        if address is None:
            accept(distribution, "Without a domain the certificate is CloudFront's own, with its own policy", "CFR4")
        return distribution

    def _packed_bodies(self) -> cloudfront.Function:
        """Names packed bodies as the bytes that they are: the API would take them for text, and destroy them."""
        return cloudfront.Function(
            self,
            "PackedBodies",
            function_name=self.installation.name("packed-bodies"),
            comment="Packed bodies reach the API as bytes, whatever their type",
            code=cloudfront.FunctionCode.from_file(file_path=str(PACKED_BODIES)),
            runtime=cloudfront.FunctionRuntime.JS_2_0,
        )

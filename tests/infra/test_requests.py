"""How requests of senders reach the collector: by CloudFront and an API, or by the load balancer; each guarded."""

from __future__ import annotations

import json
from typing import Any

from console.tiers import tiers
from tests.infra.templates import Templates

SIZES = {tier.name: tier for tier in tiers.load()}


RULE, TARGET_GROUP = "AWS::ElasticLoadBalancingV2::ListenerRule", "AWS::ElasticLoadBalancingV2::TargetGroup"


def target_group(templates: Templates, rule: dict[str, Any]) -> dict[str, Any]:
    """Where a rule of the load balancer sends requests."""
    (action,) = rule["Actions"]
    assert action["Type"] == "forward"
    return templates.resources(TARGET_GROUP, "balancer")[f"balancer/{action['TargetGroupArn']['Ref']}"]


def collector(templates: Templates) -> dict[str, Any]:
    """The collector's function."""
    functions = templates.resources("AWS::Lambda::Function", "ingest").values()
    return next(function for function in functions if function["FunctionName"].endswith("-collector"))


def test_without_a_load_balancer_the_collector_answers_cloudfront_alone(templates: Templates) -> None:
    origin = templates.one("AWS::CloudFront::Distribution", "edge")["DistributionConfig"]["Origins"][0]
    (header,) = origin["OriginCustomHeaders"]
    assert header["HeaderName"] == "x-takings-origin"
    assert "{{resolve:secretsmanager:" in json.dumps(header["HeaderValue"])
    variables = collector(templates)["Environment"]["Variables"]
    assert variables["TAKINGS_ORIGIN_SECRET_ARN"]["Ref"].startswith("OriginSecret")
    assert "WriteKeys" in variables["TAKINGS_WRITE_KEYS_ARN"]["Fn::ImportValue"]


def test_the_api_limits_requests_and_logs_neither_queries_nor_addresses(templates: Templates) -> None:
    stage = templates.one("AWS::ApiGatewayV2::Stage", "edge")
    limits = stage["DefaultRouteSettings"]
    assert (limits["ThrottlingRateLimit"], limits["ThrottlingBurstLimit"]) == (10_000, 5_000)
    logged = json.loads(stage["AccessLogSettings"]["Format"]).values()
    assert not [field for field in logged if "query" in field.lower() or "sourceIp" in field or "authorizer" in field]
    assert "$context.path" in logged


def test_packed_bodies_are_named_as_bytes_before_the_api_sees_them(templates: Templates) -> None:
    behaviour = templates.one("AWS::CloudFront::Distribution", "edge")["DistributionConfig"]["DefaultCacheBehavior"]
    (association,) = behaviour["FunctionAssociations"]
    assert association["EventType"] == "viewer-request"
    function = templates.one("AWS::CloudFront::Function", "edge")
    assert "application/octet-stream" in function["FunctionCode"]
    assert behaviour["ViewerProtocolPolicy"] == "https-only"


# source: AWS WAF developer guide, AWS managed rule groups list
LOOK_INTO_BODIES = {
    "AWSManagedRulesCommonRuleSet": {
        "CrossSiteScripting_BODY", "EC2MetaDataSSRF_BODY", "GenericLFI_BODY", "GenericRFI_BODY",
        "SizeRestrictions_BODY",
    },
    "AWSManagedRulesKnownBadInputsRuleSet": {"JavaDeserializationRCE_BODY", "Log4JRCE_BODY", "ReactJSRCE_BODY"},
    "AWSManagedRulesSQLiRuleSet": {"SQLi_BODY", "SQLiExtendedPatterns_BODY"},
}  # fmt: skip


def test_the_web_acl_limits_addresses_and_only_counts_what_looks_into_bodies(templates: Templates) -> None:
    acl = templates.one("AWS::WAFv2::WebACL", "global")
    assert acl["Scope"] == "CLOUDFRONT"
    assert len(acl["Rules"]) == SIZES[templates.tier].security.waf_rules
    first, *groups = acl["Rules"]
    assert first["Statement"]["RateBasedStatement"] == {"AggregateKeyType": "IP", "Limit": 30_000}
    assert first["Action"] == {"Block": {}}
    for rule in groups:
        statement = rule["Statement"]["ManagedRuleGroupStatement"]
        counted = {
            override["Name"]
            for override in statement.get("RuleActionOverrides", [])
            if override["ActionToUse"] == {"Count": {}}
        }
        assert counted >= LOOK_INTO_BODIES.get(statement["Name"], set())


def test_cloudfront_keeps_no_answer_and_hands_on_all_but_the_host_which_the_api_would_refuse(
    templates: Templates,
) -> None:
    behaviour = templates.one("AWS::CloudFront::Distribution", "edge")["DistributionConfig"]["DefaultCacheBehavior"]
    # source: CloudFront developer guide, managed cache policies and managed origin request policies
    assert behaviour["CachePolicyId"] == "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"  # CachingDisabled
    assert behaviour["OriginRequestPolicyId"] == "b689b0a8-53d0-40ab-baf2-68738e2966ac"  # AllViewerExceptHostHeader
    assert {"GET", "OPTIONS", "POST"} <= set(behaviour["AllowedMethods"])


def test_the_distribution_has_the_web_acl_that_another_region_made(templates: Templates) -> None:
    distribution = templates.one("AWS::CloudFront::Distribution", "edge")["DistributionConfig"]
    assert distribution["WebACLId"] == {"Ref": "WebAclArn"}
    assert "WebAclArn" in templates.by_part["edge"]["Parameters"]
    assert "WebAclArn" in templates.by_part["global"]["Outputs"]


def test_a_domain_gives_the_distribution_a_name_a_certificate_and_records(dev_with_a_domain: Templates) -> None:
    certificate = dev_with_a_domain.one("AWS::CertificateManager::Certificate", "global")
    assert (certificate["DomainName"], certificate["ValidationMethod"]) == ("events.shop.example", "DNS")
    distribution = dev_with_a_domain.one("AWS::CloudFront::Distribution", "edge")["DistributionConfig"]
    assert distribution["Aliases"] == ["events.shop.example"]
    assert distribution["ViewerCertificate"]["AcmCertificateArn"] == {"Ref": "CertificateArn"}
    assert distribution["ViewerCertificate"]["MinimumProtocolVersion"] == "TLSv1.2_2021"
    records = list(dev_with_a_domain.resources("AWS::Route53::RecordSet", "edge").values())
    assert sorted((record["Type"], record["Name"], record["HostedZoneId"]) for record in records) == [
        ("A", "events.shop.example.", "Z0123456789ABCDEFGHIJ"),
        ("AAAA", "events.shop.example.", "Z0123456789ABCDEFGHIJ"),
    ]
    outputs = dev_with_a_domain.by_part["edge"]["Outputs"]
    assert outputs["CollectorAddress"]["Value"] == "https://events.shop.example"


def test_the_load_balancer_calls_the_collector_itself(everything: Templates) -> None:
    assert not {"edge", "global"} & set(everything.by_part)
    (rule,) = (rule for rule in everything.resources(RULE, "balancer").values() if rule["Priority"] == 10)
    assert rule["Conditions"] == [{"Field": "host-header", "HostHeaderConfig": {"Values": ["events.shop.example"]}}]
    group = target_group(everything, rule)
    assert group["TargetType"] == "lambda"
    assert "CollectorAlias" in json.dumps(group["Targets"])
    assert "TAKINGS_ORIGIN_SECRET_ARN" not in collector(everything)["Environment"]["Variables"]
    callers = [permission["Principal"] for permission in everything.resources("AWS::Lambda::Permission").values()
               if "CollectorAlias" in json.dumps(permission["FunctionName"])]  # fmt: skip
    assert callers == ["elasticloadbalancing.amazonaws.com"]


def test_the_load_balancer_speaks_https_alone_and_knows_two_hosts(everything: Templates) -> None:
    listeners = {
        listener["Port"]: listener
        for listener in everything.resources("AWS::ElasticLoadBalancingV2::Listener", "balancer").values()
    }
    assert listeners[80]["DefaultActions"][0]["Type"] == "redirect"
    assert listeners[443]["SslPolicy"].startswith("ELBSecurityPolicy-TLS13-1-2")
    assert listeners[443]["DefaultActions"][0]["FixedResponseConfig"]["StatusCode"] == "404"
    certificate = everything.one("AWS::CertificateManager::Certificate", "balancer")
    assert {certificate["DomainName"], *certificate["SubjectAlternativeNames"]} == {
        "console.shop.example",
        "events.shop.example",
    }


def test_the_load_balancer_has_a_web_acl_and_addresses_that_the_tier_pays_for(everything: Templates) -> None:
    acl = everything.one("AWS::WAFv2::WebACL", "balancer")
    assert (acl["Scope"], len(acl["Rules"])) == ("REGIONAL", SIZES["scale"].security.waf_rules)
    assert everything.one("AWS::WAFv2::WebACLAssociation")["WebACLArn"]
    balancer = everything.one("AWS::ElasticLoadBalancingV2::LoadBalancer")
    gateways = everything.resources("AWS::EC2::NatGateway")
    assert len(balancer["Subnets"]) == 2  # a load balancer needs two zones at least
    assert len(balancer["Subnets"]) + len(gateways) == SIZES["scale"].network.public_addresses
    attributes = {attribute["Key"]: attribute["Value"] for attribute in balancer["LoadBalancerAttributes"]}
    assert attributes["routing.http.drop_invalid_header_fields.enabled"] == "true"
    assert attributes["routing.http.preserve_host_header.enabled"] == "true"
    assert attributes["idle_timeout.timeout_seconds"] == "600"


def test_a_new_version_of_the_collector_takes_a_tenth_of_the_calls_first_and_goes_back_when_it_fails(
    templates: Templates,
) -> None:
    group = templates.one("AWS::CodeDeploy::DeploymentGroup", "ingest")
    assert group["DeploymentConfigName"] == "CodeDeployDefault.LambdaCanary10Percent5Minutes"
    assert set(group["AutoRollbackConfiguration"]["Events"]) == {
        "DEPLOYMENT_FAILURE",
        "DEPLOYMENT_STOP_ON_ALARM",
    }
    assert group["AlarmConfiguration"]["Enabled"] is True
    (alias,) = [
        resource
        for resource in templates.by_part["ingest"]["Resources"].values()
        if resource["Type"] == "AWS::Lambda::Alias"
    ]
    assert "CodeDeployLambdaAliasUpdate" in alias["UpdatePolicy"]


def test_live_takes_a_shard_in_order_and_gives_up_in_the_end(templates: Templates) -> None:
    mapping = templates.one("AWS::Lambda::EventSourceMapping", "ingest")
    tier = SIZES[templates.tier]
    assert mapping["ParallelizationFactor"] == 1
    assert mapping["StartingPosition"] == "TRIM_HORIZON"  # what came while nothing read is counted, too
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["BisectBatchOnFunctionError"] is True
    assert mapping["MaximumRetryAttempts"] == 5
    assert mapping["MaximumRecordAgeInSeconds"] == tier.stream.retention_hours * 1_800
    assert mapping["MaximumBatchingWindowInSeconds"] == tier.stream.live_window_seconds
    queue = templates.one("AWS::SQS::Queue", "ingest")
    assert (queue["QueueName"], queue["MessageRetentionPeriod"]) == (
        f"takings-{templates.tier}-live-failures",
        14 * 86_400,
    )


def test_raw_files_are_packed_and_named_by_the_hour(templates: Templates) -> None:
    written = templates.one("AWS::KinesisFirehose::DeliveryStream")["ExtendedS3DestinationConfiguration"]
    assert written["CompressionFormat"] == "GZIP"
    assert written["Prefix"] == "raw/stream/dt=!{timestamp:yyyy-MM-dd}/hour=!{timestamp:HH}/"
    assert written["ErrorOutputPrefix"] == "raw-errors/!{firehose:error-output-type}/dt=!{timestamp:yyyy-MM-dd}/"
    assert written["BufferingHints"]["IntervalInSeconds"] == SIZES[templates.tier].lake.firehose_buffer_seconds

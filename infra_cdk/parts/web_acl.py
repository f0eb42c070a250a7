"""A web ACL: a limit for each address, and as many of AWS's own groups of rules as the tier has rules left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from aws_cdk import aws_wafv2 as waf

from infra_cdk.parts.stack import InstallationStack

REQUESTS_IN_FIVE_MINUTES = 30_000  # of one address: 100 a second, more than a browser ever sends


@dataclass(frozen=True)
class ManagedGroup:
    """A group of rules that AWS keeps; rules in `counted` are not enforced, only counted."""

    name: str
    counted: Sequence[str] = ()


GROUPS = (
    ManagedGroup("AWSManagedRulesAmazonIpReputationList"),
    ManagedGroup(
        "AWSManagedRulesCommonRuleSet",
        # a request has up to 1 MiB of events, and what products are called is text of any kind; a link to a page of the
        # console holds every filter
        counted=(
            "SizeRestrictions_BODY", "SizeRestrictions_QUERYSTRING", "CrossSiteScripting_BODY", "GenericLFI_BODY",
            "GenericRFI_BODY", "EC2MetaDataSSRF_BODY", "NoUserAgent_HEADER",
        ),
    ),
    ManagedGroup(
        "AWSManagedRulesKnownBadInputsRuleSet",
        counted=("JavaDeserializationRCE_BODY", "Log4JRCE_BODY", "ReactJSRCE_BODY"),
    ),
    # shoppers come through VPNs, and senders' servers are hosted somewhere
    ManagedGroup("AWSManagedRulesAnonymousIpList", counted=("AnonymousIPList", "HostingProviderIPList")),
    ManagedGroup("AWSManagedRulesSQLiRuleSet", counted=("SQLi_BODY", "SQLiExtendedPatterns_BODY")),
)  # fmt: skip
"""In the order of their use."""


def web_acl(stack: InstallationStack, scope: Literal["CLOUDFRONT", "REGIONAL"]) -> waf.CfnWebACL:
    """The web ACL of an installation, for its distribution or for its load balancer."""
    name = stack.installation.name("edge")
    groups = GROUPS[: stack.installation.tier.security.waf_rules - 1]
    return waf.CfnWebACL(
        stack,
        "WebAcl",
        name=name,
        scope=scope,
        default_action=waf.CfnWebACL.DefaultActionProperty(allow={}),
        visibility_config=_metrics(name),
        rules=[_rate_rule(), *(_rule(group, priority) for priority, group in enumerate(groups, start=1))],
    )


def _metrics(name: str) -> waf.CfnWebACL.VisibilityConfigProperty:
    return waf.CfnWebACL.VisibilityConfigProperty(
        cloud_watch_metrics_enabled=True, metric_name=name, sampled_requests_enabled=False
    )


def _rate_rule() -> waf.CfnWebACL.RuleProperty:
    return waf.CfnWebACL.RuleProperty(
        name="requests-of-one-address",
        priority=0,
        action=waf.CfnWebACL.RuleActionProperty(block={}),
        statement=waf.CfnWebACL.StatementProperty(
            rate_based_statement=waf.CfnWebACL.RateBasedStatementProperty(
                limit=REQUESTS_IN_FIVE_MINUTES, aggregate_key_type="IP"
            )
        ),
        visibility_config=_metrics("requests-of-one-address"),
    )


def _rule(group: ManagedGroup, priority: int) -> waf.CfnWebACL.RuleProperty:
    count = waf.CfnWebACL.RuleActionProperty(count={})
    return waf.CfnWebACL.RuleProperty(
        name=group.name,
        priority=priority,
        override_action=waf.CfnWebACL.OverrideActionProperty(none={}),
        statement=waf.CfnWebACL.StatementProperty(
            managed_rule_group_statement=waf.CfnWebACL.ManagedRuleGroupStatementProperty(
                vendor_name="AWS",
                name=group.name,
                rule_action_overrides=[
                    waf.CfnWebACL.RuleActionOverrideProperty(name=rule, action_to_use=count) for rule in group.counted
                ]
                or None,
            )
        ),
        visibility_config=_metrics(group.name),
    )

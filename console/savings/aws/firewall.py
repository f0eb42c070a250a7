"""WAF web ACLs and the requests they looked at."""

from __future__ import annotations

from typing import Any

from catalogue.errors import SourceError
from console.savings.aws.metrics import Metric, Metrics
from console.savings.aws.reading import Account, Collected, ServiceReader
from console.savings.facts import WebAcl
from console.savings.inventory import Read

GLOBAL_REGION = "us-east-1"  # where web ACLs of CloudFront, and their metrics, are
_METRICS = ("AllowedRequests", "BlockedRequests", "CountedRequests")
_REGIONAL = (
    "APPLICATION_LOAD_BALANCER",
    "API_GATEWAY",
    "APPSYNC",
    "COGNITO_USER_POOL",
    "APP_RUNNER_SERVICE",
    "VERIFIED_ACCESS_INSTANCE",
    "AMPLIFY",
)
"""What a web ACL of a region can protect. Source: AWS WAF API, ListResourcesForWebACL."""


def read(account: Account, metrics: Metrics) -> Read[WebAcl]:
    """Web ACLs of the region, and those of CloudFront."""
    found: Collected[WebAcl] = Collected()
    for scope, region in (("REGIONAL", account.region), ("CLOUDFRONT", GLOBAL_REGION)):
        waf = account.reader("wafv2", region)
        with found.part(f"web ACLs ({scope.lower()})"):
            for acl in list(waf.items("list_web_acls", "WebACLs", token="NextMarker", Scope=scope)):  # noqa: S106
                with found.part(f"web ACL {acl['Name']}"):
                    found.items.append(_acl(account, metrics, scope, region, acl))
    return found.read()


def _acl(account: Account, metrics: Metrics, scope: str, region: str, acl: dict[str, Any]) -> WebAcl:
    waf = account.reader("wafv2", region)
    whole = waf.call("get_web_acl", Name=acl["Name"], Scope=scope, Id=acl["Id"])["WebACL"]
    name = whole.get("VisibilityConfig", {}).get("MetricName", acl["Name"])
    dimensions = {"WebACL": name, "Rule": "ALL"} | ({"Region": region} if scope == "REGIONAL" else {})
    seen = metrics.total([Metric("AWS/WAFV2", metric, dimensions) for metric in _METRICS], region)
    if scope == "REGIONAL":
        protects = _protected(waf, acl["ARN"])
    else:
        cloudfront = account.reader("cloudfront", region)
        answer = cloudfront.call("list_distributions_by_web_acl_id", WebACLId=acl["ARN"])
        protects = int(answer.get("DistributionList", {}).get("Quantity", 0))
    return WebAcl(acl["Name"], acl["ARN"], len(whole.get("Rules", ())), int(sum(seen)), protects)


def _protected(waf: ServiceReader, resource: str) -> int | None:
    """How many resources a web ACL of a region protects; None where some kinds refuse and the others have none.

    Each kind's own service is asked with the caller's rights, and not every region has every service.
    """
    count, is_known = 0, True
    for kind in _REGIONAL:
        try:
            answer = waf.call("list_resources_for_web_acl", WebACLArn=resource, ResourceType=kind)
        except SourceError:
            is_known = False
            continue
        count += len(answer.get("ResourceArns", ()))
    return count if count or is_known else None

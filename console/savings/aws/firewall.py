"""WAF web ACLs and the requests they looked at."""

from __future__ import annotations

from typing import Any

from console.savings.aws.metrics import Metric, Metrics
from console.savings.aws.reading import Account, Reader, Refused
from console.savings.facts import WebAcl
from console.savings.inventory import Read, Unread

ACTIONS = (
    "wafv2:ListWebACLs",
    "wafv2:GetWebACL",
    "wafv2:ListResourcesForWebACL",
    "cloudfront:ListDistributionsByWebACLId",
)
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
"""What a web ACL of a region can stand before. Source: AWS WAF API, ListResourcesForWebACL."""


def read(account: Account, metrics: Metrics) -> Read[WebAcl]:
    """Web ACLs of the region, and those of CloudFront."""
    found: list[WebAcl] = []
    missing: list[Unread] = []
    for scope, region in (("REGIONAL", account.region), ("CLOUDFRONT", GLOBAL_REGION)):
        waf = account.reader("wafv2", region)
        try:
            listed = list(waf.items("list_web_acls", "WebACLs", token="NextMarker", Scope=scope))  # noqa: S106
        except Refused as error:
            missing.append(error.unread(f"web ACLs ({scope.lower()})"))
            continue
        for each in listed:
            try:
                found.append(_acl(account, metrics, scope, region, each))
            except Refused as error:
                missing.append(error.unread(f"web ACL {each['Name']}"))
    return Read(tuple(found), tuple(missing))


def _acl(account: Account, metrics: Metrics, scope: str, region: str, each: dict[str, Any]) -> WebAcl:
    waf = account.reader("wafv2", region)
    whole = waf.call("get_web_acl", Name=each["Name"], Scope=scope, Id=each["Id"])["WebACL"]
    name = whole.get("VisibilityConfig", {}).get("MetricName", each["Name"])
    dimensions = {"WebACL": name, "Rule": "ALL"} | ({"Region": region} if scope == "REGIONAL" else {})
    seen = metrics.total([Metric("AWS/WAFV2", metric, dimensions) for metric in _METRICS], region)
    if scope == "REGIONAL":
        protects = _protected(waf, each["ARN"])
    else:
        cloudfront = account.reader("cloudfront", region)
        answer = cloudfront.call("list_distributions_by_web_acl_id", WebACLId=each["ARN"])
        protects = int(answer.get("DistributionList", {}).get("Quantity", 0))
    return WebAcl(each["Name"], each["ARN"], len(whole.get("Rules", ())), int(sum(seen)), protects)


def _protected(waf: Reader, resource: str) -> int | None:
    """Resources a web ACL of a region stands before; None where some kinds refuse and the others have none.

    Each kind's own service is asked with the caller's rights, and not every region has every service.
    """
    count, is_known = 0, True
    for kind in _REGIONAL:
        try:
            answer = waf.call("list_resources_for_web_acl", WebACLArn=resource, ResourceType=kind)
        except Refused:
            is_known = False
            continue
        count += len(answer.get("ResourceArns", ()))
    return count if count or is_known else None

"""WAF web ACLs and the requests they looked at."""

from __future__ import annotations

from typing import Any

from console.savings import Read, Unread
from console.savings.aws.metrics import Metric, Metrics
from console.savings.aws.reading import Account, Refused
from console.savings.facts import WebAcl

ACTIONS = (
    "wafv2:ListWebACLs",
    "wafv2:GetWebACL",
    "wafv2:ListResourcesForWebACL",
    "cloudfront:ListDistributionsByWebACLId",
)
GLOBAL_REGION = "us-east-1"  # where web ACLs of CloudFront, and their metrics, are
_METRICS = ("AllowedRequests", "BlockedRequests", "CountedRequests")
_REGIONAL = ("APPLICATION_LOAD_BALANCER", "API_GATEWAY")


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
        kinds = (waf.call("list_resources_for_web_acl", WebACLArn=each["ARN"], ResourceType=kind) for kind in _REGIONAL)
        protects = sum(len(kind.get("ResourceArns", ())) for kind in kinds)
    else:
        cloudfront = account.reader("cloudfront", region)
        answer = cloudfront.call("list_distributions_by_web_acl_id", WebACLId=each["ARN"])
        protects = int(answer.get("DistributionList", {}).get("Quantity", 0))
    return WebAcl(each["Name"], each["ARN"], len(whole.get("Rules", ())), int(sum(seen)), protects)

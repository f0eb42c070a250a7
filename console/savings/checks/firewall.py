"""WAF: web ACLs that look at nothing."""

from __future__ import annotations

from console.savings.facts import WebAcl
from console.savings.findings import Charges, Checked, Effort, Finding, Prices, Rates, Risk, count, figures, is_worth
from console.savings.inventory import Inventory

NAME, TITLE = "firewall", "Idle web ACLs"
_PRICING = "docs.aws.amazon.com/waf/latest/developerguide/web-acl.html"


def check(inventory: Inventory, prices: Prices) -> Checked:
    """Web ACLs that saw no request over the period."""
    found = [_judge(acl, inventory, prices) for acl in inventory.web_acls.items]
    findings = tuple(each for each in found if each is not None and is_worth(each.monthly))
    return Checked(NAME, TITLE, len(found), findings, inventory.web_acls.missing)


def _judge(acl: WebAcl, inventory: Inventory, prices: Prices) -> Finding | None:
    if acl.requests:
        return None
    rates = Rates(prices, inventory.region)
    return Finding(
        key=f"{NAME}.idle/{acl.resource}",
        check=NAME,
        title=f"Web ACL {acl.name} looked at no request",
        resource=acl.resource,
        monthly=rates.cost({"waf.web_acl_month": 1, "waf.rule_month": acl.rules}),
        effort=Effort.LOW,
        risk=Risk.LOW if acl.protects == 0 else Risk.HIGH,
        evidence=figures(
            [
                ("Measured", inventory.period.label()),
                ("Requests", "0"),
                ("Rules and groups", count(acl.rules)),
                ("Resources it stands before", "unknown" if acl.protects is None else count(acl.protects)),
            ]
        ),
        steps=(
            "Make sure that it is not new and waiting for its first requests: AWS does not say when it was made.",
            "Save it: aws wafv2 get-web-acl … > web-acl.json",
            "aws wafv2 delete-web-acl …"
            if acl.protects == 0
            else "aws wafv2 disassociate-web-acl for each resource, then aws wafv2 delete-web-acl.",
        ),
        undo=("aws wafv2 create-web-acl from the saved file, then associate-web-acl.",),
        formula=f"{rates.text('waf.web_acl_month')} + {acl.rules} rules × {rates.text('waf.rule_month')}",
        sources=(*rates.sources, _PRICING),
        charges=Charges(("WebACLV2", "RuleV2")),
        unknown_because=rates.because(),
    )

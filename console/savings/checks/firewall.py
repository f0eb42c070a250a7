"""WAF: web ACLs that look at nothing."""

from __future__ import annotations

from dataclasses import replace

from console.asking.formatting import counted, number
from console.savings.facts import WebAcl
from console.savings.findings import Charges, Effort, Finding, Risk
from console.savings.judging import Case, Check, Kind

_PAGE = "docs.aws.amazon.com/waf/latest/developerguide/web-acl.html"
_IDLE = Kind("idle", Effort.LOW, Risk.HIGH, Charges(("WebACLV2", "RuleV2")), _PAGE)


def _idle(case: Case[WebAcl]) -> Finding | None:
    """No request came over the period."""
    acl, rates = case.facts, case.rates
    if acl.requests:
        return None
    return case.finding(
        replace(_IDLE, risk=Risk.LOW) if acl.protects == 0 else _IDLE,
        f"Web ACL {acl.name} looked at no request",
        monthly=rates.cost({"waf.web_acl_month": 1, "waf.rule_month": acl.rules}),
        evidence=[
            case.measured(),
            ("Requests", "0"),
            ("Rules and groups", number(acl.rules)),
            ("Resources it protects", "unknown" if acl.protects is None else number(acl.protects)),
        ],
        steps=[
            "Make sure that it is not new and waiting for its first requests: AWS does not say when it was made.",
            "Save it: aws wafv2 get-web-acl … > web-acl.json",
            "aws wafv2 delete-web-acl …"
            if acl.protects == 0
            else "aws wafv2 disassociate-web-acl for each resource, then aws wafv2 delete-web-acl.",
        ],
        undo=["aws wafv2 create-web-acl from the saved file, then associate-web-acl."],
        formula=f"{rates.text('waf.web_acl_month')} + {counted(acl.rules, 'rule')} × {rates.text('waf.rule_month')}",
    )


check = Check("firewall", "Idle web ACLs", lambda inventory: inventory.web_acls, (_idle,))

"""``permissions``: what the console's role needs on AWS."""

from __future__ import annotations

from console.cli import output
from console.cli.options import Format

COLUMNS = ("adapter", "resource", "action", "made_by", "reason")


def permissions(form: Format = "table") -> None:
    """List the IAM actions that each adapter needs."""
    from console.aws.permissions import NEEDS

    rows = []
    for need in NEEDS:
        for actions, made_by, reason in ((need.actions, "console", ""), (need.on_behalf, "service", need.reason)):
            rows += [
                dict(zip(COLUMNS, (need.adapter, need.resource, action, made_by, reason), strict=True))
                for action in actions
            ]
    output.show(rows, COLUMNS, form, under="permissions")

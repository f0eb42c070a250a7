"""``permissions``: what the console's role needs on AWS."""

from __future__ import annotations

import argparse

from console.aws.permissions import NEEDS
from console.cli import output

COLUMNS = ("adapter", "resource", "action", "made_by", "reason")


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command."""
    command = commands.add_parser("permissions", help="list the IAM actions that each adapter needs")
    command.add_argument("--format", choices=output.FORMATS, default="table", help="default: table")


def run(parsed: argparse.Namespace) -> int:
    """Answer the command."""
    rows = []
    for need in NEEDS:
        for actions, made_by, reason in ((need.actions, "console", ""), (need.on_behalf, "service", need.reason)):
            rows += [
                dict(zip(COLUMNS, (need.adapter, need.resource, each, made_by, reason), strict=True))
                for each in actions
            ]
    output.show(rows, COLUMNS, parsed.format, under="permissions")
    return 0

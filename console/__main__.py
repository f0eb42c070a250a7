"""``python -m console``: the answers of the console without a browser."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from catalogue.command_line import Commands, run
from console import wiring

COMMANDS = {
    "query": "console.cli.query:query",
    "queries": "console.cli.query:queries",
    "definitions": "console.definitions.command:definitions",
    "budgets": "console.budgets.command:budgets",
    "forecast": "console.budgets.command:forecast",
    "anomalies": "console.budgets.command:anomalies",
    "own-cost": "console.own_cost.command:own_cost",
    "prices": "console.finops.pricing.command:prices",
    "recommendations": "console.recommendations.command:recommendations",
    "savings": "console.savings.command:savings",
    "scan-cost": "console.scan_cost.command:scan_cost",
    "spend": "console.spend.command:spend",
    "tiers": "console.tiers.command:tiers",
    "scale": "console.tiers.scale_command:scale",
    "unit-costs": "console.unit_costs.command:unit_costs",
    "permissions": "console.cli.permissions:permissions",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code. A failure with a name is one line on stderr."""
    commands = Commands(COMMANDS, "The console's answers without a browser.")
    return run(commands, arguments, name="console", given=wiring)


if __name__ == "__main__":
    sys.exit(main())

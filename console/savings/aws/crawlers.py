"""Glue crawlers and what their runs changed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from console.savings.aws.reading import Account, Collected
from console.savings.facts import Crawler
from console.savings.inventory import Read


def read(account: Account) -> Read[Crawler]:
    """All crawlers of the region with their runs of the period."""
    glue = account.reader("glue")
    found: Collected[Crawler] = Collected()
    since = {
        "FieldName": "START_TIME",
        "FilterOperator": "GE",
        "FieldValue": str(int(account.start.timestamp() * 1000)),
    }
    for crawler in glue.items("get_crawlers", "Crawlers"):
        name = crawler["Name"]
        with found.part(f"runs of crawler {name}"):
            crawls = list(glue.items("list_crawls", "Crawls", CrawlerName=name, Filters=[since]))
            runs = [run for run in crawls if account.start <= run["StartTime"] < account.end]
            unchanged = [run for run in runs if not has_changed(run.get("Summary", ""))]
            found.items.append(
                Crawler(
                    name=name,
                    resource=f"crawler/{name}",
                    schedule=crawler.get("Schedule", {}).get("ScheduleExpression", ""),
                    runs=len(runs),
                    changed=len(runs) - len(unchanged),
                    dpu_hours=_dpu_hours(runs),
                    dpu_hours_unchanged=_dpu_hours(unchanged),
                )
            )
    return found.read()


def _dpu_hours(runs: Iterable[Mapping[str, Any]]) -> Decimal:
    return sum((Decimal(str(run.get("DPUHour", 0))) for run in runs), Decimal(0))


def has_changed(summary: str) -> bool:
    """Whether a run's summary names anything added, updated or deleted.

    It is JSON within JSON; one that cannot be read counts as a change, so that no run is called waste by mistake.
    """
    if not summary:
        return False
    try:
        found = json.loads(summary)
    except ValueError:
        return True
    if isinstance(found, dict):
        if "Count" in found:
            return bool(found["Count"])
        return any(has_changed(value if isinstance(value, str) else json.dumps(value)) for value in found.values())
    return bool(found)

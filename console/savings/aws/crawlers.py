"""Glue crawlers and what their runs changed."""

from __future__ import annotations

import json
from decimal import Decimal

from console.savings.aws.reading import Account, Refused
from console.savings.facts import Crawler
from console.savings.inventory import Read, Unread

ACTIONS = ("glue:GetCrawlers", "glue:ListCrawls")


def read(account: Account) -> Read[Crawler]:
    """All crawlers of the region with their runs of the period."""
    glue = account.reader("glue")
    found: list[Crawler] = []
    missing: list[Unread] = []
    since = {
        "FieldName": "START_TIME",
        "FilterOperator": "GE",
        "FieldValue": str(int(account.start.timestamp() * 1000)),
    }
    for crawler in glue.items("get_crawlers", "Crawlers"):
        name = crawler["Name"]
        try:
            crawls = list(glue.items("list_crawls", "Crawls", CrawlerName=name, Filters=[since]))
        except Refused as error:
            missing.append(error.unread(f"runs of crawler {name}"))
            continue
        runs = [each for each in crawls if account.start <= each["StartTime"] < account.end]
        changed = [each for each in runs if has_changed(each.get("Summary", ""))]
        spent = {each["CrawlId"]: Decimal(str(each.get("DPUHour", 0))) for each in runs}
        whole = sum(spent.values(), Decimal(0))
        found.append(
            Crawler(
                name=name,
                resource=f"crawler/{name}",
                schedule=crawler.get("Schedule", {}).get("ScheduleExpression", ""),
                runs=len(runs),
                changed=len(changed),
                dpu_hours=whole,
                dpu_hours_unchanged=whole - sum((spent[each["CrawlId"]] for each in changed), Decimal(0)),
            )
        )
    return Read(tuple(found), tuple(missing))


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

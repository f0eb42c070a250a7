"""Glue: crawlers that run and find nothing new."""

from __future__ import annotations

from decimal import Decimal

from console.asking.formatting import number
from console.savings.facts import Crawler
from console.savings.findings import Charges, Effort, Finding, Risk
from console.savings.judging import Case, Check, Kind

LEAST_RUNS = 7
MOST_CHANGED = Decimal("0.10")  # of runs, above which the schedule fits the data

_PAGE = "docs.aws.amazon.com/glue/latest/dg/crawler-s3-event-notifications.html"
_WASTE = Kind("waste", Effort.LOW, Risk.LOW, Charges(("Crawler-DPU-Hour",)), _PAGE)


def _waste(case: Case[Crawler]) -> Finding | None:
    """At most one run in ten changed a table or a partition."""
    crawler, rates = case.facts, case.rates
    if crawler.runs < LEAST_RUNS or Decimal(crawler.changed) / crawler.runs > MOST_CHANGED:
        return None
    wasted = case.a_month(crawler.dpu_hours_unchanged)
    return case.finding(
        _WASTE,
        f"Crawler {crawler.name} changed something in {crawler.changed:,} of {crawler.runs:,} runs",
        monthly=rates.cost({"glue.crawler_dpu_hour": wasted}),
        evidence=[
            case.measured(),
            ("Schedule", crawler.schedule or "on demand"),
            ("DPU-hours", f"{number(crawler.dpu_hours)}, {number(crawler.dpu_hours_unchanged)} without a change"),
        ],
        steps=[
            f"aws glue update-crawler --name {crawler.name} --recrawl-policy RecrawlBehavior=CRAWL_EVENT_MODE, or "
            f"aws glue stop-crawler-schedule --crawler-name {crawler.name} and partition projection on the table.",
        ],
        undo=[
            f"aws glue update-crawler --name {crawler.name} --schedule '{crawler.schedule or 'cron(…)'}' "
            "--recrawl-policy RecrawlBehavior=CRAWL_EVERYTHING",
        ],
        formula=f"{number(wasted)} DPU-hours a month in runs without a change × {rates.text('glue.crawler_dpu_hour')}",
    )


check = Check("crawlers", "Crawler runs that change nothing", lambda inventory: inventory.crawlers, (_waste,))

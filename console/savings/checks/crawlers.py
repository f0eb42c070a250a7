"""Glue: crawlers that run and find nothing new."""

from __future__ import annotations

from decimal import Decimal

from console.savings.facts import Crawler
from console.savings.findings import (
    Charges,
    Checked,
    Effort,
    Finding,
    Prices,
    Rates,
    Risk,
    a_month,
    count,
    figures,
    is_worth,
)
from console.savings.inventory import Inventory

NAME, TITLE = "crawlers", "Crawler runs that change nothing"
LEAST_RUNS = 7
MOST_CHANGED = Decimal("0.10")  # of runs, above which the schedule fits the data
_EVENTS = "docs.aws.amazon.com/glue/latest/dg/crawler-s3-event-notifications.html"


def check(inventory: Inventory, prices: Prices) -> Checked:
    """Crawlers of which at most one run in ten changed a table or a partition."""
    found = [_judge(crawler, inventory, prices) for crawler in inventory.crawlers.items]
    findings = tuple(each for each in found if each is not None and is_worth(each.monthly))
    return Checked(NAME, TITLE, len(found), findings, inventory.crawlers.missing)


def _judge(crawler: Crawler, inventory: Inventory, prices: Prices) -> Finding | None:
    if crawler.runs < LEAST_RUNS or Decimal(crawler.changed) / crawler.runs > MOST_CHANGED:
        return None
    rates = Rates(prices, inventory.region)
    wasted = a_month(crawler.dpu_hours_unchanged, inventory.period.days * 24)
    return Finding(
        key=f"{NAME}.waste/{crawler.resource}",
        check=NAME,
        title=f"Crawler {crawler.name} changed something in {crawler.changed:,} of {crawler.runs:,} runs",
        resource=crawler.resource,
        monthly=rates.cost({"glue.crawler_dpu_hour": wasted}),
        effort=Effort.LOW,
        risk=Risk.LOW,
        evidence=figures(
            [
                ("Measured", inventory.period.label()),
                ("Schedule", crawler.schedule or "on demand"),
                ("DPU-hours", f"{count(crawler.dpu_hours)}, {count(crawler.dpu_hours_unchanged)} without a change"),
            ]
        ),
        steps=(
            f"aws glue update-crawler --name {crawler.name} --recrawl-policy RecrawlBehavior=CRAWL_EVENT_MODE, or "
            f"aws glue stop-crawler-schedule --crawler-name {crawler.name} and partition projection on the table.",
        ),
        undo=(
            f"aws glue update-crawler --name {crawler.name} --schedule '{crawler.schedule or 'cron(…)'}' "
            "--recrawl-policy RecrawlBehavior=CRAWL_EVERYTHING",
        ),
        formula=f"{count(wasted)} DPU-hours a month in runs without a change × {rates.text('glue.crawler_dpu_hour')}",
        sources=(*rates.sources, _EVENTS),
        charges=Charges(("Crawler-DPU-Hour",)),
        unknown_because=rates.because(),
    )

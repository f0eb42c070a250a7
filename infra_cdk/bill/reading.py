"""A tier with every setting that its stacks build read back from their templates: what the bill is really made of."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from msgspec import structs

from console.tiers.sizing import raw_gigabytes_a_month
from console.tiers.tiers import Tier
from infra_cdk.bill.settings import MACIE_JOB, SETTINGS
from infra_cdk.bill.template_set import TemplateSet

MACIE_GIGABYTES = "security.macie_gigabytes_per_month"
NOT_IN_TEMPLATES: Mapping[str, str] = {
    "title": "words",
    "summary": "words",
    "name": "the tier itself",
    "events_per_day": "the shops' traffic",
    "monthly_usd": "what the bill is compared with",
    "usage": "what senders and readers do",
    "curation.minutes_per_run": "measured: a run takes as long as it takes",
    "warehouse.share_of_questions": "what readers ask",
    "watching.log_bytes_per_request": "measured: the length of a line of the access log",
    "security.checks_per_day": "of the whole account: Security Hub checks what is there",
    "security.config_items_per_month": "of the whole account: how often something is changed",
    "security.management_events_per_month": "of the whole account: calls of all services",
    "recommendations.training_minutes_per_day": "measured: a training takes as long as it takes",
}
"""Settings, or whole sections, that are taken from the tiers' file, each with the reason."""


def tier_of(templates: TemplateSet, tier: Tier) -> Tier:
    """The tier of some templates.

    Parameters
    ----------
    tier : what no template holds is taken from it

    Raises
    ------
    SettingsError
        A schedule has a form that the bill does not know.
    """
    found: dict[str, dict[str, Any]] = {}
    for setting, read in SETTINGS.items():
        section, _, name = setting.partition(".")
        found.setdefault(section, {})[name] = read(templates)
    section, _, name = MACIE_GIGABYTES.partition(".")
    found[section][name] = _macie_gigabytes(templates, tier.events_per_day)
    return structs.replace(
        tier, **{section: structs.replace(getattr(tier, section), **values) for section, values in found.items()}
    )


def _macie_gigabytes(templates: TemplateSet, events_per_day: int) -> int:
    """Gigabytes that Macie reads a month, rounded up: its percentage of the raw lines that arrive."""
    percentages = [int(job["SamplingPercentage"]) for job in templates.resources(MACIE_JOB).values()]
    return math.ceil(sum(percentages) * raw_gigabytes_a_month(events_per_day) / 100)


def settings_of(tier: Tier) -> Mapping[str, Any]:
    """Every setting of a tier by its name, such as ``stream.shards``."""
    found: dict[str, Any] = {}
    for name, value in structs.asdict(tier).items():
        if name in SECTIONS:
            found |= {f"{name}.{setting}": each for setting, each in structs.asdict(value).items()}
        else:
            found[name] = value
    return found


SECTIONS = {setting.partition(".")[0] for setting in SETTINGS}

"""Every setting of a tier is read from the templates, or taken from the tiers' file for a reason."""

from __future__ import annotations

import pytest

from catalogue.errors import SettingsError
from console.tiers import tiers
from infra_cdk.bill.expressions import minutes_between
from infra_cdk.bill.reading import MACIE_GIGABYTES, NOT_IN_TEMPLATES, settings_of
from infra_cdk.bill.settings import SETTINGS

TIERS = tiers.load()


def test_every_setting_is_read_from_the_templates_or_listed_with_its_reason() -> None:
    read = {*SETTINGS, MACIE_GIGABYTES}
    assert read.isdisjoint(NOT_IN_TEMPLATES)
    assert read | set(NOT_IN_TEMPLATES) == set(settings_of(TIERS[0]))
    assert all(NOT_IN_TEMPLATES.values())


def test_settings_are_named_by_section_and_name() -> None:
    settings = settings_of(TIERS[0])
    assert settings["stream.shards"] == 1
    assert settings["console.vcpu"] == 0
    assert settings["events_per_day"] == 50_000


@pytest.mark.parametrize(
    ("expression", "minutes"),
    [
        ("rate(1 minute)", 1),
        ("rate(15 minutes)", 15),
        ("rate(2 hours)", 120),
        ("rate(1 day)", 1_440),
        ("cron(20 2 * * ? *)", 1_440),
        ("cron(20 2 1/7 * ? *)", 10_080),
        ("cron(40 0 * * ? *)", 1_440),
        ("cron(40 0/6 * * ? *)", 360),
        ("cron(5 * * * ? *)", 60),
        ("cron(0/15 * * * ? *)", 15),
        ("cron(0 6,18 * * ? *)", 720),
    ],
)
def test_a_schedule_is_so_many_minutes_from_one_start_to_the_next(expression: str, minutes: int) -> None:
    assert minutes_between(expression) == minutes


@pytest.mark.parametrize("expression", ["at(2026-11-20T13:00:00)", "cron(0 6 ? * MON *)", "every day"])
def test_a_schedule_of_another_form_is_refused_by_name(expression: str) -> None:
    with pytest.raises(SettingsError, match="is of no form that the bill knows") as error:
        minutes_between(expression)
    assert expression in str(error.value)

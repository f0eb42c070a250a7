"""How often a schedule of EventBridge or Glue starts something.

Source: EventBridge Scheduler user guide, schedule types. The fields of cron are minutes, hours, day of the month,
month, day of the week, year.
"""

from __future__ import annotations

import re
from fractions import Fraction

from catalogue.errors import SettingsError

MINUTES = {"minute": 1, "hour": 60, "day": 1_440}
DAY_MINUTES = 1_440


def minutes_between(expression: str) -> Fraction:
    """Minutes from one start to the next, on average: 15 for ``rate(15 minutes)``, 1,440 for ``cron(20 2 * * ? *)``.

    ``1/7`` as the day of a month counts as every seven days, though each month begins anew.

    Raises
    ------
    SettingsError
        It is of another form.
    """
    rate = re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", expression)
    if rate:
        return Fraction(int(rate[1]) * MINUTES[rate[2]])
    cron = re.fullmatch(r"cron\((\S+) (\S+) (\S+) \* \? \*\)", expression)
    if cron:
        minutes, hours, day = cron.groups()
        return DAY_MINUTES * _days(day) / (_starts(minutes, 60) * _starts(hours, 24))
    raise SettingsError(
        f"The schedule {expression!r} is of no form that the bill knows",
        where="infra_cdk/bill/expressions.py",
        remedy="Write rate(15 minutes) or cron(20 2 * * ? *), or teach the form to minutes_between.",
    )


def _starts(field: str, whole: int) -> int:
    """Starts that a field of minutes or hours makes: 24 for ``*`` of hours, 4 for ``0/15`` of minutes."""
    if field == "*":
        return whole
    first, _, step = field.partition("/")
    return len(range(int(first), whole, int(step))) if step else len(field.split(","))


def _days(field: str) -> Fraction:
    return Fraction(int(field.partition("/")[2] or 1)) if field != "*" else Fraction(1)

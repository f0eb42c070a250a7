"""A check before the deployment, and how all of them are run: every finding is shown at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass

from catalogue.errors import SourceError
from console.aws.failures import DENIED, error_code
from infra_cdk.deploying.situation import Situation

AT_ONCE = 8  # checks mostly wait for AWS


@dataclass(frozen=True)
class Finding:
    """What keeps a deployment from working: what is wrong, where, and the remedy."""

    check: str
    what: str
    where: str
    remedy: str

    def record(self) -> dict[str, str]:
        """As JSON has it."""
        return asdict(self)


Mistake = tuple[str, str, str]
"""What is wrong, where, the remedy."""


@dataclass(frozen=True)
class Check:
    """One check.

    Attributes
    ----------
    name : for people
    find : the mistakes that there are
    applies : whether an installation needs it
    asks_aws : whether it is of no use without credentials
    """

    name: str
    find: Callable[[Situation], Iterable[Mistake]]
    applies: Callable[[Situation], bool] = lambda _: True
    asks_aws: bool = True


def run_all(
    checks: Sequence[Check], situation: Situation, *, report: Callable[[str, int], None] = lambda _name, _count: None
) -> list[Finding]:
    """What all checks find, in their order.

    Parameters
    ----------
    checks : the first one is of the credentials; where it finds something, those that ask AWS are left out
    report : is given each check's name and how much it found
    """
    first, *others = checks
    found = _run(first, situation) or []
    report(first.name, len(found))
    rest = [check for check in others if not (found and check.asks_aws)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for check, findings in zip(rest, pool.map(lambda check: _run(check, situation), rest), strict=True):
            if findings is not None:
                report(check.name, len(findings))
                found += findings
    return list({(one.what, one.where): one for one in reversed(found)}.values())[::-1]


def _run(check: Check, situation: Situation) -> list[Finding] | None:
    """What one check finds, None where it is not needed; what AWS refuses to answer is a finding, too."""
    try:
        if not check.applies(situation):
            return None
        return [Finding(check.name, *mistake) for mistake in check.find(situation)]
    except SourceError as error:
        remedy = error.remedy
        if error_code(error) in DENIED:
            action = re.search(r"access to (\S+)$", error.what)
            remedy = (
                f"Allow {action[1] if action else 'that action'} to whoever deploys: this cannot be checked without."
            )
        return [Finding(check.name, error.what, error.where, remedy)]

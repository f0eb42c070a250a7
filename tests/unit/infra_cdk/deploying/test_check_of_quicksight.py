"""The preflight knows whether the dashboard can be made."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra_cdk import installation
from infra_cdk.deploying.checks import CHECKS, account
from infra_cdk.deploying.situation import Situation
from tests.support.aws_answers import Answer
from tests.support.deployments import AnsweringClients, deployment_file, situation

PRINCIPAL = '\n[quicksight]\nprincipal_arn = "arn:aws:quicksight:eu-central-1:111122223333:group/default/executives"\n'


def wanted(folder: Path, answer: Answer) -> Situation:
    """An installation that wants the dashboard."""
    path = deployment_file(folder, quicksight="true")
    path.write_text(path.read_text(encoding="utf-8") + PRINCIPAL, encoding="utf-8")
    clients = AnsweringClients({"quicksight:DescribeAccountSubscription": answer})
    return Situation(installation.load("dev", path), path, clients)


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ({"AccountInfo": {"Edition": "ENTERPRISE"}}, []),
        ({"AccountInfo": {"Edition": "ENTERPRISE_AND_Q"}}, []),
        (
            {"AccountInfo": {"Edition": "STANDARD"}},
            ["QuickSight's edition is Standard: it takes no dashboards by code"],
        ),
        ("ResourceNotFoundException", ["The account has not subscribed to QuickSight"]),
    ],
)
def test_an_account_without_quicksight_is_told_before_a_deploy(
    tmp_path: Path, answer: Answer, found: list[str]
) -> None:
    mistakes = list(account.quicksight(wanted(tmp_path, answer)))
    assert [what for what, _, _ in mistakes] == found
    assert all("quicksight = false" in remedy for _, _, remedy in mistakes)


def test_it_is_asked_only_where_the_dashboard_is_wanted(tmp_path: Path) -> None:
    (check,) = [check for check in CHECKS if check.name == "QuickSight"]
    assert check.applies(wanted(tmp_path, {}))
    (tmp_path / "plain").mkdir()
    assert not check.applies(situation(tmp_path / "plain", AnsweringClients({})))

"""Permissions: what each adapter lists is what it calls, no more and no less."""

from __future__ import annotations

import importlib
from decimal import Decimal

import pytest

from console import permissions
from console.binding import Statement
from console.engines.athena import AthenaEngine
from console.errors import QueryFailed
from console.permissions import NEEDS, action_of, actions_of
from tests.iam import Recorder
from tests.unit.test_athena_engine import LARGE, QUESTION, Athena, Unloading
from tests.unit.test_redshift_engine import Redshift

STATE = actions_of("console.engines.curated_state")


def test_athena_calls_what_it_lists(recorded_actions: Recorder) -> None:
    plain, large, slow = Athena(), Unloading([("2026-03-29 01:30:00.000001", Decimal(1))]), Athena()
    slow.states = [{"State": "RUNNING"}]
    plain.engine(reuse_seconds=0).run(QUESTION)
    large.engine(large_result=0).run(LARGE)
    with pytest.raises(QueryFailed, match="was stopped"):
        slow.engine(timeout_seconds=0.01).run(QUESTION)
    assert recorded_actions.made == actions_of("console.engines.athena") | STATE


def test_redshift_calls_what_it_lists(recorded_actions: Recorder) -> None:
    quick, slow = Redshift(), Redshift()
    slow.states = [{"Status": "STARTED"}]
    question = Statement("q", "Q", "select 1 as n", "redshift", frozenset())
    quick.engine().run(question)
    with pytest.raises(QueryFailed, match="was stopped"):
        slow.engine(timeout_seconds=0.01).run(question)
    assert recorded_actions.made == actions_of("console.engines.redshift") | STATE


@pytest.mark.parametrize(
    "need", [need for need in NEEDS if need.actions], ids=lambda need: f"{need.adapter} {need.resource}"
)
def test_an_adapter_that_says_its_actions_itself_says_the_same(need: permissions.Need) -> None:
    module = importlib.import_module(need.adapter)
    assert getattr(module, "ACTIONS", need.actions) == need.actions


def test_every_need_is_written_once_in_order_and_what_is_done_on_behalf_has_its_reason() -> None:
    assert len({(need.adapter, need.resource) for need in NEEDS}) == len(NEEDS)
    for need in NEEDS:
        assert list(need.actions) == sorted(set(need.actions))
        assert list(need.on_behalf) == sorted(set(need.on_behalf))
        assert bool(need.on_behalf) == bool(need.reason)


@pytest.mark.parametrize(
    ("service", "operation", "action"),
    [
        ("athena", "StartQueryExecution", "athena:StartQueryExecution"),
        ("s3", "ListObjectsV2", "s3:ListBucket"),
        ("s3", "HeadObject", "s3:GetObject"),
        ("dynamodb", "TransactWriteItems", "dynamodb:PutItem"),
        ("monitoring", "GetMetricData", "cloudwatch:GetMetricData"),
        ("budgets", "DescribeBudgets", "budgets:ViewBudget"),
    ],
)
def test_an_operation_is_allowed_by_the_action_of_its_name_or_by_the_exception_written_down(
    service: str, operation: str, action: str
) -> None:
    assert action_of(service, operation) == action


def test_the_command_lists_them(capsys: pytest.CaptureFixture[str]) -> None:
    from console.__main__ import main

    assert main(["permissions", "--format", "csv"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "console.engines.athena,results prefix,s3:PutObject,service" in "\n".join(lines)
    assert len(lines) == 1 + sum(len(need.actions) + len(need.on_behalf) for need in NEEDS)


def test_making_the_engine_calls_nothing(recorded_actions: Recorder) -> None:
    assert isinstance(Athena().engine(), AthenaEngine)
    assert recorded_actions.made == set()

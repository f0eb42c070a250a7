"""The AWS Budgets of the account that this process runs in, cached for some minutes."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from console.aws.clients import SharedClients
    from console.budgets.budgets import Budget, BudgetLeftOut, BudgetSource

BUDGET_SECONDS = 900.0  # budgets change a few times a year; a page asks on every click
BILLING_REGION = "us-east-1"  # the only region of AWS Budgets and Cost Explorer


class KeptBudgets:
    """The budgets of another source, cached for some seconds."""

    def __init__(
        self, source: BudgetSource, seconds: float = BUDGET_SECONDS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._source, self._seconds, self._clock = source, seconds, clock
        self._kept: tuple[float, Sequence[Budget]] | None = None

    @property
    def left_out(self) -> Sequence[BudgetLeftOut]:
        """See `BudgetSource.left_out`."""
        return self._source.left_out

    def budgets(self) -> Sequence[Budget]:
        """See `BudgetSource.budgets`; a failure is not kept."""
        now = self._clock()
        if self._kept is None or now - self._kept[0] >= self._seconds:
            self._kept = (now, self._source.budgets())
        return self._kept[1]


class AccountBudgets:
    """AWS Budgets of the account that this process runs in, which is looked up with the first question."""

    def __init__(self, clients: SharedClients) -> None:
        self._clients = clients

    @property
    def left_out(self) -> Sequence[BudgetLeftOut]:
        """See `BudgetSource.left_out`."""
        return self._source.left_out

    def budgets(self) -> Sequence[Budget]:
        """See `BudgetSource.budgets`."""
        return self._source.budgets()

    @cached_property
    def _source(self) -> BudgetSource:
        from console.aws.paid import PaidClient
        from console.budgets import aws_budgets
        from console.metering import NoMeter

        sts = PaidClient(self._clients.client("sts"), NoMeter(), aws_budgets.PRICE, "AWS STS")
        account = sts.call("get_caller_identity")["Account"]
        budgets = self._clients.client("budgets", BILLING_REGION)
        client = PaidClient(budgets, NoMeter(), aws_budgets.PRICE, aws_budgets.SOURCE)
        return aws_budgets.AwsBudgets(client, account)

"""Budgets and anomalies of the ``aws`` profile. Called by `console.wiring` alone; made once for a process."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from console.aws.settings import AwsSettings

if TYPE_CHECKING:
    from console.budgets.budgets import Budget, BudgetSource, LeftOut
    from console.budgets.forecasting.aws_anomalies import AwsAnomaly
    from console.metering import Asker

BUDGET_SECONDS = 900.0  # budgets change a few times a year; a page asks on every click
BILLING_REGION = "us-east-1"  # where AWS Budgets and Cost Explorer answer, whatever region the rest is in


class KeptBudgets:
    """Another source's budgets, asked again after some seconds."""

    def __init__(self, source: BudgetSource, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._source, self._seconds, self._clock = source, seconds, clock
        self._kept: tuple[float, Sequence[Budget]] | None = None

    @property
    def left_out(self) -> Sequence[LeftOut]:
        """See `BudgetSource.left_out`."""
        return self._source.left_out

    def budgets(self) -> Sequence[Budget]:
        """See `BudgetSource.budgets`; a failure is not kept."""
        now = self._clock()
        if self._kept is None or now - self._kept[0] >= self._seconds:
            self._kept = (now, self._source.budgets())
        return self._kept[1]


class AccountBudgets:
    """The budgets of the account that this process runs in; which one that is, is asked with the first question."""

    def __init__(self, region: str) -> None:
        self._region = region
        self._source: BudgetSource | None = None

    @property
    def left_out(self) -> Sequence[LeftOut]:
        """See `BudgetSource.left_out`."""
        return () if self._source is None else self._source.left_out

    def budgets(self) -> Sequence[Budget]:
        """See `BudgetSource.budgets`."""
        import boto3

        from console.aws.paid import PaidClient
        from console.budgets import aws_budgets
        from console.metering import NoMeter

        if self._source is None:
            sts = PaidClient(boto3.client("sts", region_name=self._region), NoMeter(), aws_budgets.PRICE, "AWS STS")
            account = sts.call("get_caller_identity")["Account"]
            budgets = boto3.client("budgets", region_name=BILLING_REGION)
            client = PaidClient(budgets, NoMeter(), aws_budgets.PRICE, aws_budgets.SOURCE)
            self._source = aws_budgets.AwsBudgets(client, account)
        return self._source.budgets()


@dataclass(frozen=True)
class AwsFinops:
    """What one process asks of AWS about budgets."""

    settings: AwsSettings

    @cached_property
    def budgets(self) -> BudgetSource:
        """The budgets of the account this process runs in."""
        return KeptBudgets(AccountBudgets(self.settings.region), BUDGET_SECONDS)

    def anomalies(self, asker: Asker) -> Sequence[AwsAnomaly]:
        """What AWS Cost Anomaly Detection found in the last 90 days; every page of the answer is paid for."""
        from datetime import UTC, datetime

        import boto3

        from console.aws.paid import PaidClient
        from console.budgets.forecasting.aws_anomalies import found_by_aws
        from console.finops.pricing import price_book
        from console.wiring.aws import deployment

        price = price_book.load().price("cost_explorer.request", BILLING_REGION).amount
        meter = deployment(self.settings).meter
        client = PaidClient(boto3.client("ce", region_name=BILLING_REGION), meter, price, "Cost Explorer", asker=asker)
        return found_by_aws(client, datetime.now(UTC).date())


@lru_cache(maxsize=8)
def aws_finops(settings: AwsSettings) -> AwsFinops:
    """One process's view of a deployment's budgets."""
    return AwsFinops(settings)

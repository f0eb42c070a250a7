"""What runs by the clock besides the lake's jobs: the daily bill, own calls, and the number of shards."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from console.aws import permissions
from console.aws.runners import RUNNERS
from infra_cdk.installation import Installation
from infra_cdk.parts.asynchronous_calls import keep_failed_calls
from infra_cdk.parts.functions import handler_function
from infra_cdk.parts.schedules import Schedules
from infra_cdk.parts.stack import InstallationStack
from infra_cdk.stacks.data import Data

COST_SNAPSHOT, OWN_CALLS = "console.handlers.cost_snapshot", "console.handlers.own_calls"
SHARDS = "pipeline.handlers.shards"
DAILY_BILL = "cron(15 6 * * ? *)"  # UTC: Cost Explorer has most of the day before
HOURLY = "cron(5 * * * ? *)"  # a day of own calls is over at midnight, UTC
SHARD_LOOKS = "rate(5 minutes)"  # 8,800 looks a month, of 4 metrics: $0.35. Source: CloudWatch pricing, GetMetricData
EVENT_HOURS = 1  # a start that waits longer is left to the next one


class Jobs(InstallationStack):
    """Scheduled functions."""

    part = "jobs"

    def __init__(self, scope: Construct, installation: Installation, data: Data) -> None:
        super().__init__(scope, installation, "Takings: what runs by the clock")
        self.data = data
        self.schedules = Schedules(self, data.key)
        lake = {"TAKINGS_LAKE_BUCKET": installation.bucket("lake")}
        self.cost_snapshot = self._scheduled(
            "CostSnapshot",
            "cost-snapshot",
            COST_SNAPSHOT,
            "console-jobs",
            DAILY_BILL,
            "Takes the bill from Cost Explorer",
            lake,
            cdk.Duration.minutes(10),
        )
        self.own_calls = self._scheduled(
            "OwnCalls",
            "own-calls",
            OWN_CALLS,
            "console-jobs",
            HOURLY,
            "Closes the days of the console's own calls",
            lake,
            cdk.Duration.minutes(5),
        )
        stream = installation.tier.stream
        self.shards = None
        if stream.autoscaling:
            self.shards = self._scheduled(
                "Shards",
                "shards",
                SHARDS,
                "ingest",
                SHARD_LOOKS,
                "Gives the stream the shards that its traffic needs",
                {
                    "TAKINGS_STREAM": installation.name("events"),
                    "TAKINGS_LEAST_SHARDS": str(stream.shards),
                    "TAKINGS_MOST_SHARDS": str(stream.most_shards),
                },
                cdk.Duration.minutes(1),
            )

    def _scheduled(
        self,
        construct_id: str,
        purpose: str,
        handler: str,
        package: str,
        expression: str,
        description: str,
        environment: dict[str, str],
        timeout: cdk.Duration,
    ) -> lambda_.Function:
        """A function that is started by the clock, one at a time."""
        function = handler_function(
            self,
            construct_id,
            purpose=purpose,
            description=description,
            handler=handler,
            package=package,
            needs=RUNNERS[handler],
            resources=self.data.resources | {permissions.FAILURE_QUEUE: [self.schedules.failures.queue_arn]},
            environment=environment,
            timeout=timeout,
            reserved_concurrency=1,
        )
        keep_failed_calls(function, self.schedules.failures, longest_wait=cdk.Duration.hours(EVENT_HOURS), retries=1)
        self.schedules.add(
            purpose,
            expression,
            description=description,
            target=function.function_arn,
            action="lambda:InvokeFunction",
        )
        return function

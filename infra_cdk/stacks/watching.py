"""What tells operators that something is wrong: alarms, dashboards, mails, and a canary that tries the collector.

Alarms and dashboards are the rows of `console/health/signals.toml` whose part of the deployment is there.
"""

from __future__ import annotations

from collections.abc import Mapping

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from console.aws import permissions
from console.aws.runners import RUNNERS
from console.health import signal_file
from console.health.signals import Signal
from infra_cdk.bill.deployed import deployed
from infra_cdk.installation import Installation
from infra_cdk.parts.alarms import alarm, composite_alarm
from infra_cdk.parts.dashboards import bodies
from infra_cdk.parts.failures import failure_queue, takes_events
from infra_cdk.parts.functions import handler_function
from infra_cdk.parts.notices import notice
from infra_cdk.parts.schedules import Schedules, every_minutes
from infra_cdk.parts.stack import InstallationStack
from infra_cdk.parts.topics import mail_topic
from infra_cdk.rules.accepted import accept
from infra_cdk.stacks.data import Data
from infra_cdk.stacks.lake import TRAIN

CANARY = "pipeline.handlers.canary"
CANARY_MEGABYTES = 256
DAY_MINUTES = 24 * 60
JOBS = ("curate", "maintain", "erase")  # of the lake
FAILED = ("FAILED", "TIMEOUT", "ERROR")  # who stops a run by hand knows that it stopped


class Watching(InstallationStack):
    """Topic of the operators, alarms, dashboards, canary.

    Parameters
    ----------
    collector : the address that senders use
    given : names that AWS made, by their resources in the table of signals; a signal whose resource has no name that is
        known here, since its part of the deployment is not there, is not watched
    parts : the stacks that are there
    """

    part = "watching"

    def __init__(
        self,
        scope: Construct,
        installation: Installation,
        data: Data,
        *,
        collector: str,
        given: Mapping[str, str],
        parts: set[str],
    ) -> None:
        super().__init__(scope, installation, "Takings: alarms, dashboards and the canary")
        self.data = data
        self.table = signal_file.load()
        self.names = self._names(given, {*parts, self.part})
        self.operators = mail_topic(
            self,
            "Operators",
            purpose="operators",
            title="Takings",
            key=data.key,
            mails=installation.configuration.people.operators,
        )
        self.failures = self._failures()
        self._job_failures()
        self.canary = self._canary(collector)
        self._alarms()
        self._dashboards()

    def _names(self, given: Mapping[str, str], parts: set[str]) -> dict[str, str]:
        """The names of the resources that are there, by their names in the table."""
        installation = self.installation
        computed = {
            name: installation.name(resource.purpose) if resource.purpose else installation.prefix
            for name, resource in self.table.resources.items()
            if resource.purpose is not None and resource.part in parts
        }
        return {**computed, "lake": installation.bucket("lake"), **given}

    def _is_here(self, signal: Signal) -> bool:
        return signal.resources() <= set(self.names)

    def _alarms(self) -> None:
        tier, topic = deployed(self.installation), [self.operators.topic_arn]
        made = {
            signal.name: alarm(self, signal, self.names, () if signal.row.severity == "page" else topic)
            for signal in self.table.alarms(tier)
            if self._is_here(signal)
        }
        for composite in self.table.composites:
            members = [made[signal.name] for signal in self.table.members(composite, tier) if signal.name in made]
            if members:
                composite_alarm(self, composite, members, topic)

    def _dashboards(self) -> None:
        tier = deployed(self.installation)
        drawn = [signal for signal in self.table.drawn(tier) if self._is_here(signal)]
        for purpose, body in bodies(self.installation, drawn, self.names, tier.watching.dashboards).items():
            cloudwatch.CfnDashboard(
                self,
                f"{purpose.title()}Dashboard",
                dashboard_name=self.installation.name(purpose),
                dashboard_body=self.to_json_string(body),
            )

    def _failures(self) -> sqs.Queue:
        queue = failure_queue(self, "NoticeFailures", "notice-failures", self.data.key)
        takes_events(self, queue)
        return queue

    def _job_failures(self) -> None:
        """Glue emits no metrics of a run under 30 seconds: its events tell, and a rule's own metric is the signal.

        Training has a rule of its own: where it fails, tables are as new as ever.
        """
        for construct_id, purpose, jobs, section in (
            ("JobFailures", "job-failures", JOBS, "job-fails"),
            ("TrainingFailures", "training-failures", (TRAIN,), "training-fails"),
        ):
            notice(
                self,
                construct_id,
                purpose=purpose,
                description=f"Failed runs of the Glue jobs {', '.join(jobs)}",
                pattern={
                    "source": ["aws.glue"],
                    "detail-type": ["Glue Job State Change"],
                    "detail": {"jobName": [self.installation.name(job) for job in jobs], "state": list(FAILED)},
                },
                topic_arn=self.operators.topic_arn,
                failures_arn=self.failures.queue_arn,
                shown={"job": "$.detail.jobName", "run": "$.detail.jobRunId", "why": "$.detail.message"},
                text=f"Run <run> of the Glue job <job> failed: <why>. What to do: docs/runbook.md#{section}",
            )

    def _canary(self, collector: str) -> lambda_.Function:
        key = secretsmanager.Secret(
            self,
            "CanaryKey",
            secret_name=self.installation.name("canary-key"),
            description="The canary's write key, which `make deploy` makes; until then, something that opens nothing",
            encryption_key=self.data.key,
            generate_secret_string=secretsmanager.SecretStringGenerator(exclude_punctuation=True, password_length=48),
        )
        accept(key, "It opens nothing: the canary's events are checked and not kept", "SMG4")
        function = handler_function(
            self,
            "Canary",
            purpose="canary",
            description="Sends the collector a test event a minute, as a sender does",
            handler=CANARY,
            package="ingest",
            needs=RUNNERS[CANARY],
            resources=self.data.resources | {permissions.CANARY_KEY: [key.secret_arn]},
            environment={"TAKINGS_COLLECTOR_ADDRESS": collector, "TAKINGS_CANARY_KEY_ARN": key.secret_arn},
            memory_megabytes=CANARY_MEGABYTES,
            timeout=cdk.Duration.seconds(30),
            reserved_concurrency=1,
        )
        Schedules(self, self.data.key).add(
            "canary",
            every_minutes(DAY_MINUTES // self.installation.tier.watching.canary_runs_per_day),
            description="Starts the canary",
            target=function.function_arn,
            action="lambda:InvokeFunction",
        )
        return function

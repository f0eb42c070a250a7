"""Recommendations: the job that learns a model every night, and the function that answers from the newest one."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from console.aws import permissions
from console.aws.runners import RUNNERS
from infra_cdk.installation import Installation
from infra_cdk.parts.functions import handler_function
from infra_cdk.parts.glue_jobs import glue_job
from infra_cdk.parts.grants import grant
from infra_cdk.parts.schedules import Schedules
from infra_cdk.parts.stack import InstallationStack
from infra_cdk.parts.stepwise import stepwise_alias
from infra_cdk.rules.accepted import accept
from infra_cdk.stacks.data import Data
from infra_cdk.stacks.lake import TRAIN, Lake

SERVING, TRAINING = "pipeline.handlers.recommendations", "pipeline.jobs.train"
NIGHTLY = "cron(40 3 * * ? *)"  # UTC: after the maintenance of the night, which it would wait for
TIMEOUT_MINUTES = 120  # a training that takes longer is not ready by the morning
# A worker G.1X has 16 GB, and Glue gives Spark's driver 10 of them. Spark only reads the tables here; the matrices of
# numpy are beside its heap. Source: Glue developer guide, worker types. What is read comes to the driver as a whole,
# 20 million rows at most, where Spark allows 1 GB by itself.
DRIVER = {"spark.driver.memory": "6g", "spark.driver.maxResultSize": "4g"}


class Recommendations(InstallationStack):
    """The training job and its schedule, and the function that serves.

    Attributes
    ----------
    serving : the alias that whatever takes requests calls
    """

    part = "recommendations"

    def __init__(
        self,
        scope: Construct,
        installation: Installation,
        data: Data,
        lake: Lake,
        origin_secret: secretsmanager.ISecret | None,
    ) -> None:
        super().__init__(scope, installation, "Takings: learns what to recommend, and answers who asks")
        self.data = data
        self.training = self._training(lake)
        Schedules(self, data.key).add(
            TRAIN,
            NIGHTLY,
            description=f"Runs the job {installation.name(TRAIN)}, in its turn",
            target=lake.turns.attr_arn,
            action="states:StartExecution",
            given={"job": TRAIN},
        )
        self.serving = stepwise_alias(self, self._serving(origin_secret), "recommend")

    def _training(self, lake: Lake) -> cdk.CfnResource:
        """The job. It reads the lake and writes the table of models; nothing else."""
        settings = lake.job_settings
        role = iam.Role(self, "TrainRole", assumed_by=iam.ServicePrincipal("glue.amazonaws.com"))
        grant(
            role,
            RUNNERS[TRAINING],
            {
                **self.data.resources,
                permissions.JOB_CODE: settings.code.arns,
                permissions.JOB_LOGS: settings.log_group_arns,
            },
        )
        job = glue_job(
            self,
            "Train",
            job=TRAIN,
            description="Learns what to recommend, and publishes it if it is good enough",
            settings=settings,
            role=role,
            workers=self.installation.tier.recommendations.training_workers,
            own_arguments={"--recommendations_table": self.data.recommendations.table_name},
            own_spark=DRIVER,
            timeout_minutes=TIMEOUT_MINUTES,
        )
        accept(job, "The security configuration is that of the lake's jobs, which encrypts bookmarks", "GL3")
        return job

    def _serving(self, origin_secret: secretsmanager.ISecret | None) -> lambda_.Function:
        tier, data = self.installation.tier.recommendations, self.data
        secrets = [data.write_keys, *([origin_secret] if origin_secret else [])]
        of_the_edge = {"TAKINGS_ORIGIN_SECRET_ARN": origin_secret.secret_arn} if origin_secret else {}
        return handler_function(
            self,
            "Recommend",
            purpose="recommend",
            description="Answers who asks what to recommend",
            handler=SERVING,
            package="recommendations",
            needs=RUNNERS[SERVING],
            resources=data.resources | {permissions.SECRETS: [secret.secret_arn for secret in secrets]},
            environment={
                **of_the_edge,
                "TAKINGS_RECOMMENDATIONS_TABLE": data.recommendations.table_name,
                "TAKINGS_LIVE_TABLE": data.live.table_name,
                "TAKINGS_WRITE_KEYS_ARN": data.write_keys.secret_arn,
                "TAKINGS_ORIGINS": ",".join(self.installation.configuration.lake.origins),
                "TAKINGS_METRICS_SECONDS": str(self.installation.tier.watching.metrics_every_seconds),
            },
            memory_megabytes=tier.memory_megabytes,
            timeout=cdk.Duration.seconds(tier.timeout_seconds),
        )

"""From raw files to tables that are asked: catalog, crawler, jobs that take turns, and Athena's workgroup."""

from __future__ import annotations

import json

from aws_cdk import aws_athena as athena
from aws_cdk import aws_glue as glue
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as stepfunctions
from constructs import Construct

from console.aws import permissions
from console.aws.runners import RUNNERS
from infra_cdk.installation import Installation
from infra_cdk.parts import glue_code, in_turn
from infra_cdk.parts.databases import glue_database
from infra_cdk.parts.glue_jobs import CATALOG, JobSettings, glue_job
from infra_cdk.parts.grants import grant
from infra_cdk.parts.log_groups import log_group
from infra_cdk.parts.principals import service_of_account
from infra_cdk.parts.schedules import Schedules, every_minutes
from infra_cdk.parts.stack import InstallationStack
from infra_cdk.rules.accepted import accept
from infra_cdk.stacks.data import Data

DAY_HOURS, DAY_MINUTES = 24, 24 * 60
MAINTENANCE = "cron(20 2 1/{days} * ? *)"  # UTC: in the night of most shops
DAILY_CURATION = "cron(10 1 * * ? *)"  # after the last files of the day before, which Firehose holds for minutes
CRAWLER_MINUTE = 40
LEAST_TIMEOUT, MOST_TIMEOUT = 60, 240  # minutes: the first may read months of raw files, and a job that hangs is paid
GIGABYTE = 10**9
TRAIN = "train"  # the job of another stack that takes its turn here


class Lake(InstallationStack):
    """Crawler and its database, jobs, their turns and schedules; Athena's workgroup.

    Attributes
    ----------
    job_settings : what its jobs, and those of other stacks, have in common
    turns : the state machine that starts them
    """

    part = "lake"

    def __init__(self, scope: Construct, installation: Installation, data: Data) -> None:
        super().__init__(scope, installation, "Takings: from raw files to tables that are asked")
        self.data = data
        self.days = installation.tier.collector.log_retention_days
        glue_database(self, "RawDatabase", installation.raw_database, "Raw files as they came, found by the crawler")
        self.security = self._security_configuration()
        self.crawler = self._crawler()
        self.job_settings = self._job_settings()
        self.jobs = self._jobs()
        self.turns = self._turns()
        self.watched = {"turns": self.turns.attr_arn}
        self.schedules = self._schedules()
        self.workgroup = self._workgroup()
        self.output("LakeJobs", self.turns.attr_arn, "State machine that runs curate, maintain, erase or train in turn")
        self.output("Database", installation.database, "Glue database of the curated tables")

    def _security_configuration(self) -> str:
        """What jobs write is encrypted by the key; their logs are by their own groups, which have a retention, too."""
        name, key = self.installation.name("glue"), self.data.key.key_arn
        of = glue.CfnSecurityConfiguration
        configuration = of(
            self,
            "Security",
            name=name,
            encryption_configuration=of.EncryptionConfigurationProperty(
                s3_encryptions=[of.S3EncryptionProperty(s3_encryption_mode="SSE-KMS", kms_key_arn=key)],
                job_bookmarks_encryption=of.JobBookmarksEncryptionProperty(
                    job_bookmarks_encryption_mode="CSE-KMS", kms_key_arn=key
                ),
                cloud_watch_encryption=of.CloudWatchEncryptionProperty(cloud_watch_encryption_mode="DISABLED"),
            ),
        )
        return str(configuration.ref)

    def _crawler(self) -> glue.CfnCrawler:
        installation = self.installation
        role = iam.Role(self, "CrawlerRole", assumed_by=iam.ServicePrincipal("glue.amazonaws.com"))
        grant(
            role,
            RUNNERS["crawler"],
            {
                **self.data.resources,
                permissions.LAKE: installation.bucket_arns("lake", "raw/stream/"),
                permissions.RAW_DATABASE: installation.raw_catalogue_arns,
                permissions.CRAWLER_LOGS: [f"arn:aws:logs:{self.region}:{self.account}:log-group:/aws-glue/crawlers:*"],
            },
        )
        of = glue.CfnCrawler
        crawler = of(
            self,
            "Crawler",
            name=installation.name("raw"),
            description="Finds the days and hours of the delivery stream",
            role=role.role_arn,
            database_name=installation.raw_database,
            targets=of.TargetsProperty(
                s3_targets=[of.S3TargetProperty(path=f"s3://{installation.bucket('lake')}/raw/stream/", sample_size=2)]
            ),
            table_prefix="raw_",
            schedule=of.ScheduleProperty(schedule_expression=_crawls(installation.tier.curation.crawler_runs_per_day)),
            recrawl_policy=of.RecrawlPolicyProperty(recrawl_behavior="CRAWL_NEW_FOLDERS_ONLY"),
            schema_change_policy=of.SchemaChangePolicyProperty(update_behavior="LOG", delete_behavior="LOG"),
        )
        crawler.node.add_dependency(role)
        accept(crawler, "Its few lines say how many folders it found; it reads what is encrypted by the key", "GL1")
        return crawler

    def _job_settings(self) -> JobSettings:
        installation, lake = self.installation, self.installation.configuration.lake
        logs = f"/aws-glue/jobs/{installation.prefix}"
        groups = [
            log_group(self, f"Job{kind.title()}s", name=f"{logs}/{kind}", days=self.days, key=self.data.key)
            for kind in ("error", "output")
        ]
        root = f"s3://{installation.bucket('lake')}"
        return JobSettings(
            code=glue_code.uploaded(self),
            lake=root,
            arguments={
                "--lake": root,
                "--namespace": f"{CATALOG}.{installation.database}",
                "--reporting_time_zone": lake.reporting_time_zone,
                "--reporting_currency": lake.reporting_currency,
                "--confirm_public_orders": str(int(lake.confirm_public_orders)),
                "--warehouse": str(int(installation.tier.warehouse.enabled)),
            },
            security_configuration=self.security,
            log_groups=logs,
            log_group_arns=[group.log_group_arn for group in groups],
        )

    def _jobs(self) -> dict[str, glue.CfnJob]:
        """The three jobs, by the last words of their names."""
        curation, settings = self.installation.tier.curation, self.job_settings
        resources = {
            **self.data.resources,
            permissions.JOB_CODE: settings.code.arns,
            permissions.JOB_LOGS: settings.log_group_arns,
        }
        role, eraser = self._job_role("JobRole"), self._job_role("EraseRole")
        grant(role, RUNNERS["pipeline.jobs"], resources)
        grant(eraser, [*RUNNERS["pipeline.jobs"], *RUNNERS["pipeline.jobs.erase"]], resources)
        timeout = max(LEAST_TIMEOUT, min(2 * curation.every_minutes, MOST_TIMEOUT))
        kept_by_customer = {
            "--live_table": self.data.live.table_name,
            "--recommendations_table": self.data.recommendations.table_name,
        }
        return {
            job: glue_job(
                self,
                job.title(),
                job=job,
                description=description,
                settings=settings,
                role=by,
                workers=curation.workers,
                own_arguments=own,
                timeout_minutes=minutes,
            )
            for job, description, by, own, minutes in (
                ("curate", "Raw files to tables", role, {}, timeout),
                ("maintain", "Puts small files together, removes old snapshots, packs raw files", role, {},
                 MOST_TIMEOUT),
                ("erase", "Takes a person out", eraser, kept_by_customer, MOST_TIMEOUT),
            )
        }  # fmt: skip

    def _job_role(self, construct_id: str) -> iam.Role:
        return iam.Role(self, construct_id, assumed_by=iam.ServicePrincipal("glue.amazonaws.com"))

    def _turns(self) -> stepfunctions.CfnStateMachine:
        """What starts the jobs, one after the other."""
        name = self.installation.name("lake-jobs")
        arn = f"arn:aws:states:{self.region}:{self.account}:stateMachine:{name}"
        group = log_group(self, "TurnLogs", name=f"/aws/vendedlogs/states/{name}", days=self.days)
        role = iam.Role(self, "TurnRole", assumed_by=service_of_account(self, "states"))
        jobs = [
            f"arn:aws:glue:{self.region}:{self.account}:job/{self.installation.name(job)}"
            for job in (*self.jobs, TRAIN)
        ]
        grant(role, RUNNERS["lake jobs"], {permissions.JOBS: jobs, permissions.TURNS: [arn]})
        of = stepfunctions.CfnStateMachine
        machine = of(
            self,
            "Turns",
            state_machine_name=name,
            state_machine_type="STANDARD",
            role_arn=role.role_arn,
            definition_string=json.dumps(in_turn.definition(self.installation.prefix)),
            logging_configuration=of.LoggingConfigurationProperty(
                level="ALL",
                include_execution_data=False,  # the arguments of an erasure name persons
                destinations=[
                    of.LogDestinationProperty(
                        cloud_watch_logs_log_group=of.CloudWatchLogsLogGroupProperty(log_group_arn=group.log_group_arn)
                    )
                ],
            ),
        )
        machine.node.add_dependency(role)
        accept(machine, "Its steps are jobs of minutes, which its history shows one by one", "SF2")
        return machine

    def _schedules(self) -> Schedules:
        every = self.installation.tier.curation.every_minutes
        schedules = Schedules(self, self.data.key)
        for job, expression in (
            ("curate", DAILY_CURATION if every >= DAY_MINUTES else every_minutes(every)),
            ("maintain", MAINTENANCE.format(days=self.installation.tier.curation.maintenance_every_days)),
        ):
            schedules.add(
                job,
                expression,
                description=f"Runs the job {self.installation.name(job)}, in its turn",
                target=self.turns.attr_arn,
                action="states:StartExecution",
                given={"job": job},
            )
        return schedules

    def _workgroup(self) -> athena.CfnWorkGroup:
        installation = self.installation
        of = athena.CfnWorkGroup
        return of(
            self,
            "Workgroup",
            name=installation.name("console"),
            description="Questions of the console: each one limited, encrypted, and below the results bucket",
            state="ENABLED",
            recursive_delete_option=True,  # the history of its questions goes with it; results are in the bucket
            work_group_configuration=of.WorkGroupConfigurationProperty(
                enforce_work_group_configuration=True,
                bytes_scanned_cutoff_per_query=installation.tier.lake.most_gigabytes_per_question * GIGABYTE,
                publish_cloud_watch_metrics_enabled=True,
                requester_pays_enabled=False,
                engine_version=of.EngineVersionProperty(selected_engine_version="Athena engine version 3"),
                managed_query_results_configuration=of.ManagedQueryResultsConfigurationProperty(enabled=False),
                result_configuration=of.ResultConfigurationProperty(
                    output_location=f"s3://{installation.bucket('results')}/athena/",
                    expected_bucket_owner=installation.account,
                    encryption_configuration=of.EncryptionConfigurationProperty(
                        encryption_option="SSE_KMS", kms_key=self.data.key.key_arn
                    ),
                ),
            ),
        )


def _crawls(runs_per_day: int) -> str:
    """Glue's words for so many runs a day. A step must be shorter than a day: ``0/24`` of the hours is none."""
    hours = "0" if runs_per_day <= 1 else f"0/{DAY_HOURS // min(runs_per_day, DAY_HOURS)}"
    return f"cron({CRAWLER_MINUTE} {hours} * * ? *)"

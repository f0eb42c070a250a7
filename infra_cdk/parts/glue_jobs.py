"""A Glue job of the lake, as `pipeline/curate/glue_job.toml` says that it runs."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aws_cdk import aws_glue as glue
from aws_cdk import aws_iam as iam

from infra_cdk.parts.glue_code import GlueCode
from infra_cdk.parts.stack import InstallationStack
from infra_cdk.rules.accepted import accept

_JOB = Path(__file__).parents[2] / "pipeline" / "curate" / "glue_job.toml"
CATALOG = "glue_catalog"  # its name in Spark's settings


@dataclass(frozen=True)
class JobSettings:
    """What the jobs of an installation have in common.

    Attributes
    ----------
    code : their scripts and libraries
    lake : ``s3://bucket``
    arguments : of ours, as `pipeline.jobs.arguments` reads them
    security_configuration : what encrypts what they write
    log_groups : what the names of their two log groups begin with
    log_group_arns : of these
    """

    code: GlueCode
    lake: str
    arguments: Mapping[str, str]
    security_configuration: str
    log_groups: str
    log_group_arns: Sequence[str]


def glue_job(
    stack: InstallationStack,
    construct_id: str,
    *,
    job: str,
    description: str,
    settings: JobSettings,
    role: iam.IRole,
    workers: int,
    timeout_minutes: int,
    own_arguments: Mapping[str, str] | None = None,
    own_spark: Mapping[str, str] | None = None,
) -> glue.CfnJob:
    """A job that runs once at a time and is not tried again by itself.

    Parameters
    ----------
    job : last word of its name, and of its script
    own_arguments, own_spark : its own besides those of all jobs: arguments, and settings of Spark
    """
    described = _described()
    job_description = described["job"]
    named = {**settings.code.placeholders, "{lake}": settings.lake}
    spark = described["spark"] | dict(own_spark or {})
    created = glue.CfnJob(
        stack,
        construct_id,
        name=stack.installation.name(job),
        description=description,
        role=role.role_arn,
        command=glue.CfnJob.JobCommandProperty(
            name="glueetl",
            python_version=job_description["python_version"],
            script_location=settings.code.script(job),
        ),
        glue_version=job_description["glue_version"],
        execution_property=glue.CfnJob.ExecutionPropertyProperty(
            max_concurrent_runs=job_description["maximum_concurrency"]
        ),
        max_retries=0,  # the next run goes on where a failed one began
        worker_type="G.1X",
        number_of_workers=workers,
        timeout=timeout_minutes,
        security_configuration=settings.security_configuration,
        default_arguments={
            "--custom-logGroup-prefix": settings.log_groups,
            "--enable-metrics": "true",  # of each run: elapsed time, failed tasks
            "--job-bookmark-option": "job-bookmark-disable",  # which files are new is in the published version
            **{
                name: _with(named, value)
                for name, value in (described["arguments"] | described["arguments_without_index"]).items()
            },
            "--conf": " --conf ".join(f"{name}={_with(named, value)}" for name, value in spark.items()),
            **settings.arguments,
            **(own_arguments or {}),
        },
    )
    created.node.add_dependency(role)
    accept(created, "Its log groups are made by the stack of the lake, with the key and a retention", "GL1")
    return created


def _described() -> dict[str, Any]:
    return tomllib.loads(_JOB.read_text(encoding="utf-8"))


def _with(named: Mapping[str, str], text: str) -> str:
    for name, value in named.items():
        text = text.replace(name, value)
    return text

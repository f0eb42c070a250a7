"""A Glue job of the lake, as `pipeline/curate/glue_job.toml` says that it runs."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aws_cdk import aws_glue as glue
from aws_cdk import aws_iam as iam

from infra_cdk.parts.glue_code import GlueCode
from infra_cdk.parts.stack import InstallationStack

_JOB = Path(__file__).parents[2] / "pipeline" / "curate" / "glue_job.toml"
CATALOG = "glue_catalog"  # its name in Spark's settings


def arguments(code: GlueCode, lake: str) -> dict[str, str]:
    """What each job is started with besides its own arguments; `lake` is ``s3://bucket``."""
    job = _described()
    named = {**code.placeholders, "{lake}": lake}
    spark = " --conf ".join(f"{name}={_with(named, value)}" for name, value in job["spark"].items())
    given = job["arguments"] | job["arguments_without_index"]
    return {name: _with(named, value) for name, value in given.items()} | {"--conf": spark}


def glue_job(
    stack: InstallationStack,
    construct_id: str,
    *,
    job: str,
    description: str,
    code: GlueCode,
    role: iam.IRole,
    security_configuration: str,
    log_groups: str,
    own_arguments: Mapping[str, str],
    common_arguments: Mapping[str, str],
    timeout_minutes: int,
) -> glue.CfnJob:
    """A job that runs once at a time and is not tried again by itself.

    Parameters
    ----------
    job : last word of its name, and of its script
    log_groups : what the names of its two log groups begin with
    own_arguments, common_arguments : as `pipeline.jobs.arguments` reads them; as `arguments` gives them
    """
    described = _described()["job"]
    return glue.CfnJob(
        stack,
        construct_id,
        name=stack.installation.name(job),
        description=description,
        role=role.role_arn,
        command=glue.CfnJob.JobCommandProperty(
            name="glueetl", python_version=described["python_version"], script_location=code.script(job)
        ),
        glue_version=described["glue_version"],
        execution_property=glue.CfnJob.ExecutionPropertyProperty(max_concurrent_runs=described["maximum_concurrency"]),
        max_retries=0,  # the next run goes on where a failed one began
        worker_type="G.1X",
        number_of_workers=stack.installation.tier.curation.workers,
        timeout=timeout_minutes,
        security_configuration=security_configuration,
        default_arguments={
            "--custom-logGroup-prefix": log_groups,
            "--enable-metrics": "true",  # of each run: elapsed time, failed tasks
            "--job-bookmark-option": "job-bookmark-disable",  # which files are new is in the published version
            **common_arguments,
            **own_arguments,
        },
    )


def _described() -> dict[str, Any]:
    return tomllib.loads(_JOB.read_text(encoding="utf-8"))


def _with(named: Mapping[str, str], text: str) -> str:
    for name, value in named.items():
        text = text.replace(name, value)
    return text

"""A job's arguments are read as Glue passes them, and what cannot be used is named."""

from __future__ import annotations

from datetime import timedelta

import pytest

from catalogue.errors import SettingsError
from pipeline.jobs import running
from pipeline.jobs.arguments import Arguments, read
from pipeline.lake import LakeSettings

NEEDED = ["--lake", "s3://shop-lake", "--namespace", "glue_catalog.takings"]


def test_arguments_beside_those_of_glue() -> None:
    assert read(
        "job", ["--JOB_NAME", "curate", *NEEDED, "--TempDir", "s3://x/y", "--job-bookmark-option=job-bookmark-disable"]
    ) == Arguments("s3://shop-lake", "glue_catalog.takings", LakeSettings())
    given = ["--reporting_time_zone", "Europe/Berlin", "--reporting_currency=EUR", "--confirm_public_orders", "1"]
    assert read("job", [*given, *NEEDED, "--warehouse", "1", "--full", "1", "--keep_days", "7"]) == Arguments(
        "s3://shop-lake",
        "glue_catalog.takings",
        LakeSettings(reporting_time_zone="Europe/Berlin", reporting_currency="EUR", confirm_public_orders=True),
        warehouse=True,
        full=True,
        keep=timedelta(days=7),
    )


def test_whom_to_erase() -> None:
    found = read("job", [*NEEDED, "--customers", "c1,C-2", "--live_table", "takings-live", "--reason", "by mail"])
    assert (found.customers, found.sessions, found.check) == ({"c1", "C-2"}, frozenset(), False)
    assert (found.live_table, found.reason) == ("takings-live", "by mail")
    found = read("job", [*NEEDED, "--customers", '["a,b"]', "--sessions", "s1", "--check", "1"])
    assert (found.customers, found.sessions, found.check) == ({"a,b"}, {"s1"}, True)


def test_where_models_go_and_the_seed_they_are_learnt_with() -> None:
    found = read("job", [*NEEDED, "--recommendations_table", "takings-recommendations", "--seed", "7"])
    assert (found.recommendations_table, found.seed) == ("takings-recommendations", 7)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ([], "--lake, --namespace"),
        (["--lake"], "--lake"),
        (["--lake", "s3://x", "--namespace", "takings"], r"catalog and database \(--namespace\)\. Write it as"),
        (["--lake", "s3://x", "--namespace", "g.t; drop table x"], "catalog and database"),
        ([*NEEDED, "--warehouse", "yes"], "--warehouse.*'yes'"),
        ([*NEEDED, "--reporting_time_zone", "Mars"], r"Mars.*reporting_time_zone.*Europe/London"),
        ([*NEEDED, "--reporting_currency", "euro"], "euro"),
        ([*NEEDED, "--keep_days", "0"], "--keep_days"),
        ([*NEEDED, "--customers", "[1]"], "no JSON list of strings"),
        ([*NEEDED, "--keep_days", "week"], "--keep_days.*'week'"),
    ],
)
def test_what_cannot_be_used_is_named(given: list[str], named: str) -> None:
    with pytest.raises(SettingsError, match=named):
        read("job", given)


@pytest.mark.parametrize("job", [running.curate, running.maintain])
def test_a_job_that_fails_says_so_and_ends_with_1(job: object, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        job(["--lake", "s3://x", "--namespace", "takings"])
    assert "'takings' names no catalog and database (--namespace)" in str(
        ended.value.code
    )  # a text is printed, and is 1
    assert '"remedy": "Write it as glue_catalog.takings."' in capsys.readouterr().out

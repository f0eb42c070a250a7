"""Settings of the aws profile: read once, typed, and every wrong value named; its wiring needs no DuckDB."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from catalogue.errors import QueryFailed, SettingsError
from console.aws.settings import AwsSettings
from console.settings import read
from console.wiring.deployed import Deployed
from tests.support.paths import ROOT

LEAST = {
    "TAKINGS_PROFILE": "aws",
    "AWS_REGION": "eu-central-1",
    "TAKINGS_LAKE_BUCKET": "shop-lake",
    "TAKINGS_DATABASE": "shop",
    "TAKINGS_ATHENA_WORKGROUP": "console",
    "TAKINGS_ATHENA_RESULTS": "s3://shop-results/athena",
    "TAKINGS_LIVE_TABLE": "shop-live",
    "TAKINGS_DECISIONS_TABLE": "shop-decisions",
}


def test_the_least_settings_have_no_warehouse_and_report_dollars_in_utc() -> None:
    assert read(LEAST).aws == AwsSettings(
        region="eu-central-1",
        lake_bucket="shop-lake",
        database="shop",
        athena_workgroup="console",
        athena_results="s3://shop-results/athena/",
        live_table="shop-live",
        decisions_table="shop-decisions",
        lake_prefix="",
        redshift_workgroup=None,
        redshift_database=None,
        redshift_base_rpus=8,
        reporting_currency="USD",
        reporting_time_zone="UTC",
    )


def test_every_setting_is_read() -> None:
    more = {
        "TAKINGS_LAKE_PREFIX": "/zone/lake/",
        "TAKINGS_REDSHIFT_WORKGROUP": "warehouse",
        "TAKINGS_REDSHIFT_DATABASE": "shop",
        "TAKINGS_REDSHIFT_BASE_RPUS": "4",
        "TAKINGS_REPORTING_CURRENCY": "EUR",
        "TAKINGS_REPORTING_TIME_ZONE": "Europe/Berlin",
        "TAKINGS_REGIONS": "north",
    }
    settings = read(LEAST | more)
    aws = settings.aws
    assert aws is not None
    assert settings.regions == ("north",)
    assert aws.lake_prefix == "zone/lake/"
    assert (aws.redshift_workgroup, aws.redshift_database, aws.redshift_base_rpus) == ("warehouse", "shop", 4)
    assert (aws.reporting_currency, aws.reporting_time_zone) == ("EUR", "Europe/Berlin")
    with pytest.raises(AttributeError):
        aws.region = "us-east-1"  # type: ignore[misc]


def test_the_region_of_a_task_stands_before_the_default_one_and_either_will_do() -> None:
    both = read(LEAST | {"AWS_DEFAULT_REGION": "us-east-1"}).aws
    default = read({**LEAST, "AWS_REGION": "", "AWS_DEFAULT_REGION": "us-east-1"}).aws
    assert both is not None
    assert default is not None
    assert (both.region, default.region) == ("eu-central-1", "us-east-1")


@pytest.mark.parametrize("variable", [name for name in LEAST if name != "TAKINGS_PROFILE"])
@pytest.mark.parametrize("value", ["", "  "])
def test_a_setting_that_is_missing_is_named_with_the_way_to_find_it(variable: str, value: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read(LEAST | {variable: value})
    assert caught.value.where == variable
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("AWS_REGION", "Frankfurt", "'Frankfurt' is no region"),
        ("TAKINGS_LAKE_BUCKET", "s3://shop", "'s3://shop' is no name of an AWS resource"),
        ("TAKINGS_DATABASE", "shop; drop", "is no name of an AWS resource"),
        ("TAKINGS_ATHENA_RESULTS", "shop-results", "is no place in S3"),
        ("TAKINGS_ATHENA_RESULTS", "s3://shop/it's", "is no place in S3"),
        ("TAKINGS_REDSHIFT_BASE_RPUS", "many", "A base capacity of 'many' is not possible"),
        ("TAKINGS_REDSHIFT_BASE_RPUS", "0", "A base capacity of '0' is not possible"),
        ("TAKINGS_REPORTING_CURRENCY", "dollars", "is not an ISO 4217 code"),
        ("TAKINGS_REPORTING_TIME_ZONE", "Mars/Olympus", "Time zone 'Mars/Olympus' is unknown"),
        ("TAKINGS_REPORTING_TIME_ZONE", "../etc", "is unknown"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(variable: str, value: str, words: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read(LEAST | {variable: value})
    assert caught.value.where == variable
    assert words in caught.value.what


def test_a_warehouse_needs_its_database() -> None:
    with pytest.raises(SettingsError, match="TAKINGS_REDSHIFT_DATABASE"):
        read(LEAST | {"TAKINGS_REDSHIFT_WORKGROUP": "warehouse"})


def test_the_embedded_profile_reads_none_of_them() -> None:
    assert read({"TAKINGS_PROFILE": "embedded", "AWS_REGION": "Frankfurt"}).aws is None


WIRED = """
import sys

class NoDuckDb:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "duckdb":
            raise ImportError("DuckDB is not part of this profile")

sys.meta_path.insert(0, NoDuckDb())
import app
from console import wiring
scope = wiring.viewer()
wiring.profile().live, wiring.profile().decisions
engines = {source: type(engine).__name__ for source, engine in scope.engines.items()}
again = wiring.viewer()
assert again.cache is scope.cache and again.engines is scope.engines
print(engines, scope.is_sample, sorted(route.path for route in app.PROFILE.routes()), "awswrangler" in sys.modules)
"""


@pytest.mark.parametrize(
    ("more", "warehouse"),
    [
        ({}, "AthenaEngine"),
        ({"TAKINGS_REDSHIFT_WORKGROUP": "w", "TAKINGS_REDSHIFT_DATABASE": "d"}, "WithStandby"),
    ],
)
@pytest.mark.slow
def test_wiring_the_profile_imports_no_duckdb_asks_nothing_and_shares_its_parts(
    more: dict[str, str], warehouse: str, tmp_path: Path
) -> None:
    environment = LEAST | more | {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", WIRED],
        env=environment | {"AWS_EC2_METADATA_DISABLED": "true"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    expected = {"lake": "AthenaEngine", "warehouse": warehouse}
    assert done.stdout.strip() == f"{expected} False ['/healthz', '/readyz'] False"
    assert list(tmp_path.iterdir()) == [], "no lake folder is made"


def test_a_profile_that_is_named_and_not_there_is_a_failure_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nope")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    settings = read(LEAST)
    assert settings.aws is not None
    with pytest.raises(QueryFailed, match=r"config profile \(nope\) could not be found \(AWS_PROFILE\)"):
        _ = Deployed(settings, settings.aws).clients

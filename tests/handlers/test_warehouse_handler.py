"""The load of the warehouse as a Lambda: its settings, and what it does before there is anything to load.

`tests/engines/test_warehouse_load.py` runs it against a real database.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from catalogue.errors import LoadFailed, SettingsError, UsageLimitReached
from catalogue.redshift import MOST_STATEMENTS
from catalogue.tables import TABLES
from pipeline import objects
from pipeline.handlers import warehouse
from pipeline.objects import Folder
from pipeline.warehouse import exports
from pipeline.warehouse.data_api import Warehouse
from pipeline.warehouse.loading import Loaded, load
from pipeline.warehouse.settings import LoadSettings, read
from tests.handlers.conftest import REGION, Context, metrics_of
from tests.support.aws_service import Refused, Service
from tests.support.published import parquet

NAMED = {
    "TAKINGS_LAKE_BUCKET": "lake",
    "TAKINGS_REDSHIFT_WORKGROUP": "takings",
    "TAKINGS_REDSHIFT_DATABASE": "shop",
}
ADMIN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:redshift!takings-admin-a1b2c3"


@pytest.fixture
def handler(monkeypatch: pytest.MonkeyPatch, context: Context) -> Any:
    """The handler, with an empty lake."""
    for name, value in (NAMED | {"AWS_DEFAULT_REGION": REGION}).items():
        monkeypatch.setenv(name, value)
    warehouse.settings.cache_clear()
    objects._client.cache_clear()
    with mock_aws():
        boto3.client("s3", region_name="us-east-1").create_bucket(Bucket="lake")
        yield lambda: warehouse.handler({}, context)
    warehouse.settings.cache_clear()
    objects._client.cache_clear()


def test_settings_are_typed_and_the_prefix_ends_with_a_slash() -> None:
    role = "arn:aws:iam::123456789012:role/takings/copy"
    more = {"TAKINGS_LAKE_PREFIX": "a/b", "TAKINGS_REDSHIFT_READER": "takings_reader"}
    chosen = read(NAMED | more | {"TAKINGS_REDSHIFT_COPY_ROLE": role})
    assert chosen == LoadSettings("lake", "takings", "shop", "a/b/", "takings_reader", role)
    assert read(NAMED | {"TAKINGS_REDSHIFT_SECRET": ADMIN}).secret == ADMIN
    assert read(NAMED).lake_prefix == ""


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, "") for name in NAMED),
        ("TAKINGS_REDSHIFT_READER", "reader; drop table x"),
        ("TAKINGS_REDSHIFT_READER", "Reader"),
        ("TAKINGS_LOAD_EVERY_MINUTES", "-1"),
        ("TAKINGS_REDSHIFT_COPY_ROLE", "arn:aws:iam::123456789012:role/x' format as csv --"),
    ],
)
def test_a_setting_that_is_missing_or_would_change_the_sql_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        read(NAMED | {name: value})


def test_before_the_first_curation_nothing_is_asked(handler: Callable[[], dict[str, Any]]) -> None:
    assert handler() == {"version": None, "rows": {}, "usage_limit_reached": False}


def test_a_limit_is_reported_and_another_failure_is_raised(
    handler: Callable[[], dict[str, Any]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(error: Exception) -> Callable[..., Any]:
        def load(*_: Any, **__: Any) -> Any:
            raise error

        return load

    monkeypatch.setattr(warehouse, "load", fail(UsageLimitReached("Redshift reached its usage limit")))
    assert handler()["usage_limit_reached"] is True
    assert metrics_of(capsys.readouterr().out) == {"LoadsAtUsageLimit": 1}
    monkeypatch.setattr(warehouse, "load", fail(LoadFailed("The export of products is missing")))
    with pytest.raises(LoadFailed):
        handler()
    assert metrics_of(capsys.readouterr().out) == {"FailedLoads": 1}


def data_api(**answers: Any) -> Service:
    return Service(
        BatchExecuteStatement=lambda _: {"Id": "s1"},
        CancelStatement=lambda _: {"Status": True},
        **answers,
    )


def test_a_transaction_that_takes_too_long_is_cancelled() -> None:
    service = data_api(DescribeStatement=lambda _: {"Id": "s1", "Status": "STARTED"})
    slow = Warehouse(service.session.client("redshift-data"), "takings", "shop", timeout_seconds=0.01)
    with pytest.raises(LoadFailed, match="did not finish within 0 seconds"):
        slow.transact(["select 1"])
    assert service.given("CancelStatement") == [{"Id": "s1"}]


@pytest.mark.parametrize(("secret", "sent"), [("", {}), (ADMIN, {"SecretArn": ADMIN})])
def test_it_signs_in_with_a_secret_where_one_is_given(secret: str, sent: dict[str, str]) -> None:
    service = data_api(DescribeStatement=lambda _: {"Id": "s1", "Status": "FINISHED"})
    Warehouse(service.session.client("redshift-data"), "takings", "shop", secret=secret).transact(["select 1"])
    (given,) = service.given("BatchExecuteStatement")
    assert {name: given.get(name) for name in ("WorkgroupName", "Database")} == {
        "WorkgroupName": "takings",
        "Database": "shop",
    }
    assert {name: value for name, value in given.items() if name == "SecretArn"} == sent


@pytest.mark.parametrize(
    ("loaded_at", "called_at", "is_loaded"),
    [
        ("10:02", "10:59", False),
        ("10:02", "11:00", True),  # less than an hour later: a version each hour is loaded each hour
        ("10:58", "11:01", True),
        ("23:30", "00:10", True),
        ("", "10:59", True),  # the time of the load before is not known
    ],
)
def test_of_the_versions_of_an_hour_the_first_one_wakes_the_warehouse(
    tmp_path: Path, loaded_at: str, called_at: str, is_loaded: bool
) -> None:
    lake, service = Folder(tmp_path), data_api()
    service.refuse("BatchExecuteStatement", Refused("AccessDeniedException", "asked"))
    asleep = Warehouse(service.session.client("redshift-data"), "takings", "shop")
    when = f', "loaded_at": "2026-03-01T{loaded_at}:00Z"' if loaded_at else ""
    lake.replace("curated/state.json", b'{"version": 2}', tag=None)
    lake.replace("curated/warehouse.json", f'{{"version": 1{when}}}'.encode(), tag=None)
    day = 2 if called_at < loaded_at else 1
    now = datetime.fromisoformat(f"2026-03-0{day}T{called_at}:00Z")
    if is_loaded:
        with pytest.raises(LoadFailed, match="asked"):
            load(asleep, lake, every=timedelta(hours=1), now=lambda: now)
    else:
        assert load(asleep, lake, every=timedelta(hours=1), now=lambda: now) == Loaded(1, {})
        assert service.calls == []


def test_more_statements_than_one_transaction_takes_are_refused_before_anything_is_sent() -> None:
    service = data_api()
    warehouse_of_test = Warehouse(service.session.client("redshift-data"), "takings", "shop")
    with pytest.raises(LoadFailed, match="41 statements are more than the 40"):
        warehouse_of_test.transact(["select 1"] * (MOST_STATEMENTS + 1))
    assert service.calls == []


def test_a_refused_call_names_the_operation() -> None:
    service = data_api()
    service.refuse("BatchExecuteStatement", Refused("AccessDeniedException", "not authorized to perform: x", 400))
    with pytest.raises(LoadFailed, match=r"BatchExecuteStatement operation: not authorized.*role of this process"):
        Warehouse(service.session.client("redshift-data"), "takings", "shop").transact(["select 1"])


@pytest.mark.parametrize("state", [b'{"version": 1, "tables": {"orders": "1; drop table x"}}', b"{}", b"no"])
def test_a_state_that_is_none_or_would_change_the_sql_is_named(tmp_path: Path, state: bytes) -> None:
    lake = Folder(tmp_path)
    lake.replace("curated/state.json", state, tag=None)
    with pytest.raises(LoadFailed, match=r"curated/state\.json"):
        exports.published(lake)


def test_a_description_longer_than_the_usual_end_is_read_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "_FOOTER", 64)
    lake = Folder(tmp_path)
    lake.replace("warehouse/products/7/part.parquet", parquet("products", [{"product_id": "p1"}]), tag=None)
    found = exports.export(lake, "products", "7")
    assert (found.rows, found.columns) == (1, tuple(TABLES["products"].columns))


def test_two_loads_at_once_do_not_both_write_what_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lake = Folder(tmp_path)
    exports.write_loaded(lake, exports.State(1))
    replace = Folder.replace

    def overtaken(self: Folder, name: str, content: bytes, *, tag: str | None) -> bool:
        (self.root / name).write_bytes(b'{"version": 9}')  # the other one, between look and write
        return replace(self, name, content, tag=tag)

    monkeypatch.setattr(Folder, "replace", overtaken)
    with pytest.raises(LoadFailed, match="Another load runs at the same time"):
        exports.write_loaded(lake, exports.State(2))

"""The state object of the curated tables: version, data time, and how often it is asked."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from botocore.awsrequest import AWSResponse

from catalogue.errors import QueryFailed
from console.asking.engines.curated_state import EMPTY, CuratedState, CuratedVersion
from console.asking.engines.running import one_version
from tests.support.aws_service import Refused, Service

KEY = "lake/shop/curated/state.json"


@pytest.fixture
def service() -> Service:
    return Service()


def state(service: Service, seconds: list[float]) -> CuratedState:
    return CuratedState(service.session.client("s3"), "lake", "shop/", clock=lambda: seconds[0])


def test_it_is_read_once_in_five_seconds_and_a_new_object_is_a_new_version(service: Service) -> None:
    service.objects[KEY] = b'{"version": 1, "data_as_of": "2026-03-31T13:59:00+02:00"}'
    seconds = [0.0]
    curated = state(service, seconds)
    first = curated.current()
    assert first == CuratedVersion(
        first.version, datetime(2026, 3, 31, 11, 59, tzinfo=UTC), datetime(2026, 3, 31, 12, tzinfo=UTC)
    )
    service.objects[KEY] = b'{"version": 2, "data_as_of": null}'
    seconds[0] = 4.9
    assert curated.current() is first
    assert service.times("GetObject") == 1
    seconds[0] = 5.0
    assert curated.current().version != first.version
    assert curated.current().data_as_of is None
    assert service.times("GetObject") == 2


def test_an_answer_about_the_bill_is_as_new_as_the_last_bill(service: Service) -> None:
    service.objects[KEY] = b'{"data_as_of": "2026-03-31T11:59:00Z", "bills_as_of": "2026-03-30T04:00:00Z"}'
    current = state(service, [0.0]).current()
    events, bills = datetime(2026, 3, 31, 11, 59, tzinfo=UTC), datetime(2026, 3, 30, 4, tzinfo=UTC)
    assert current.as_of({"daily_spend", "daily_spend_tags"}) == bills
    assert current.as_of({"daily_sales"}) == events
    assert current.as_of({"daily_sales", "daily_spend"}) == bills  # the older of both
    service.objects[KEY] = b'{"data_as_of": null, "bills_as_of": "2026-03-30T04:00:00Z"}'
    only_a_bill = state(service, [0.0]).current()
    assert only_a_bill.as_of({"daily_sales", "daily_spend"}) == only_a_bill.as_of({"spend"}) == bills
    service.objects[KEY] = b'{"data_as_of": "2026-03-31T11:59:00Z"}'  # by an older curation, or without a bill
    assert state(service, [0.0]).current().as_of({"spend"}) == events


def test_before_the_first_curation_the_version_is_empty(service: Service) -> None:
    assert state(service, [0.0]).current() == EMPTY


@pytest.mark.parametrize(
    "content",
    [
        b"{broken",
        b"[]",
        b'{"data_as_of": 7}',
        b'{"bills_as_of": "x"}',
        b'{"data_as_of": "yesterday"}',
        b"\xff",
        b'{"tables": ["events"]}',
        b'{"tables": {"events": 8270633197658268308}}',
        b'{"tables": {"events": "12; drop table events"}}',
    ],
)
@pytest.mark.slow
def test_a_damaged_object_names_its_place_and_the_remedy(service: Service, content: bytes) -> None:
    service.objects[KEY] = content
    with pytest.raises(QueryFailed, match=r"cannot be read \(s3://lake/shop/curated/state.json\).*Curate again"):
        state(service, [0.0]).current()


def test_a_bucket_that_refuses_is_named_to_every_reader_and_asked_again_later(
    service: Service,
) -> None:
    seconds = [0.0]
    curated = state(service, seconds)
    service.refuse("GetObject", Refused("AccessDenied", "Access Denied", 403))
    with pytest.raises(QueryFailed, match="Amazon S3 denied access to s3:GetObject"):
        curated.current()
    service.objects[KEY] = b"{}"
    seconds[0] = 4.9
    for _ in range(2):
        with pytest.raises(QueryFailed, match=r"denied access to s3:GetObject \(s3://lake/shop"):
            curated.current()
    assert service.times("GetObject") == 1
    seconds[0] = 5.0
    assert curated.current().data_as_of is None


def test_readers_waiting_for_a_silent_bucket_share_one_request(service: Service) -> None:
    seconds = [0.0]
    curated = state(service, seconds)

    def half_a_minute(*_: object) -> AWSResponse:
        seconds[0] += 30
        raise Refused("AccessDenied", "Access Denied", 403)

    service._object = half_a_minute  # type: ignore[method-assign]
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(curated.current) for _ in range(8)]
        assert all(isinstance(item.exception(10), QueryFailed) for item in asked)
    assert (service.times("GetObject"), seconds[0]) == (1, 30)


def test_it_names_the_snapshot_of_every_table_that_ever_had_a_row(service: Service) -> None:
    service.objects[KEY] = b'{"tables": {"events": "8270633197658268308", "daily_spend": null}}'
    assert state(service, [0.0]).current().snapshots == {"events": 8270633197658268308}
    service.objects[KEY] = b"{}"  # of a curation that names none
    assert state(service, [0.0]).current().snapshots == {}


def test_what_is_asked_together_sees_the_version_that_was_there_first(service: Service) -> None:
    seconds = [0.0]
    curated = state(service, seconds)
    service.objects[KEY] = b'{"version": 1, "tables": {"events": "1"}}'
    with one_version() as seen:
        first = curated.current()
        service.objects[KEY] = b'{"version": 2, "tables": {"events": "2"}}'
        seconds[0] = 60
        assert curated.current() is first
        with one_version():
            assert curated.current() is first
    assert curated.current().snapshots == {"events": 2}
    with ThreadPoolExecutor(1) as pool:

        def in_a_thread() -> CuratedVersion:
            with one_version(seen):
                return curated.current()

        assert pool.submit(in_a_thread).result(10) is first


def test_a_renewed_version_is_read_at_once_and_seen_by_what_follows(service: Service) -> None:
    curated = state(service, [0.0])
    service.objects[KEY] = b'{"version": 1}'
    with one_version():
        first = curated.current()
        service.objects[KEY] = b'{"version": 2}'
        renewed = curated.renewed()
        assert renewed.version != first.version
        assert curated.current() is renewed
    assert curated.current() is renewed

"""A share of the invocations is traced, whole, and the others not at all."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from catalogue.errors import SettingsError
from pipeline.handlers import collector, observed, tracing
from pipeline.handlers.tracing import Tracing, is_traced, share_of
from tests.handlers.conftest import SECRET, Cloud, Context, client
from tests.handlers.test_collector_handler import http, view

ROOT_ID = "1-6a0b1c2d-0123456789abcdef{:08x}"


def traces() -> list[list[dict[str, Any]]]:
    """The segments of each trace that X-Ray has taken."""
    xray, now = client("xray"), datetime.now(UTC)
    found = xray.get_trace_summaries(StartTime=now - timedelta(hours=1), EndTime=now + timedelta(hours=1))
    ids = [summary["Id"] for summary in found["TraceSummaries"]]
    answer = xray.batch_get_traces(TraceIds=ids)["Traces"] if ids else []
    return [[json.loads(segment["Document"]) for segment in trace["Segments"]] for trace in answer]


def invoke(context: Context, number: int, monkeypatch: pytest.MonkeyPatch, **changed: Any) -> dict[str, Any]:
    """One invocation, with the trace header that Lambda sets where tracing is off."""
    monkeypatch.setenv("_X_AMZN_TRACE_ID", f"Root={ROOT_ID.format(number)};Lineage=1:a0b1c2d3:0")
    answer: dict[str, Any] = collector.handler(http(json.dumps(view(f"e{number}"))) | changed, context)  # type: ignore[arg-type]
    return answer


def test_a_traced_invocation_is_a_segment_with_its_calls_and_without_what_was_sent(
    cloud: Cloud, context: Context, sampled: None, monkeypatch: pytest.MonkeyPatch
):
    assert invoke(context, 7, monkeypatch)["statusCode"] == 202
    ((segment,),) = traces()
    assert (segment["name"], segment["trace_id"]) == ("takings", ROOT_ID.format(7))
    assert (segment["http"], segment["aws"]["request_id"]) == ({"response": {"status": 202}}, "7f3a")
    assert segment["end_time"] >= segment["start_time"]
    assert [(call["name"], call["aws"]["operation"]) for call in segment["subsegments"]] == [("kinesis", "PutRecords")]
    for sent in (SECRET, "product_view", "p1"):
        assert f'"{sent}' not in json.dumps(segment)


def test_what_a_caller_traces_hangs_below_the_callers_segment(
    cloud: Cloud, context: Context, sampled: None, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("TAKINGS_TRACED_SHARE", "0")
    monkeypatch.setenv("_X_AMZN_TRACE_ID", f"Root={ROOT_ID.format(7)};Parent=53995c3f42cd8ad8;Sampled=1")
    observed.tracing().run(lambda event, _: event, {}, context)  # type: ignore[arg-type]
    ((segment,),) = traces()
    assert (segment["trace_id"], segment["parent_id"]) == (ROOT_ID.format(7), "53995c3f42cd8ad8")


def test_calls_beyond_what_a_segment_holds_are_documents_of_their_own(
    cloud: Cloud, context: Context, sampled: None, monkeypatch: pytest.MonkeyPatch
):
    def asking(_event: dict[str, Any], _context: Any) -> dict[str, Any]:
        for _ in range(60):
            cloud.kinesis.list_streams()
        return {}

    monkeypatch.setenv("_X_AMZN_TRACE_ID", f"Root={ROOT_ID.format(7)}")
    observed.tracing().run(asking, {}, context)  # type: ignore[arg-type]
    (documents,) = traces()
    whole = next(document for document in documents if document["name"] == "takings")
    alone = [document["parent_id"] for document in documents if document["name"] == "kinesis"]
    assert len(whole["subsegments"]) + len(alone) == 60
    assert {*alone} == {whole["id"]}


def test_an_invocation_that_fails_is_a_fault_named_without_its_words(
    cloud: Cloud, context: Context, sampled: None, monkeypatch: pytest.MonkeyPatch
):
    with pytest.warns(match="No application metrics"), pytest.raises(KeyError):
        invoke(context, 7, monkeypatch, requestContext={})
    ((segment,),) = traces()
    assert (segment["fault"], segment["annotations"]) == (True, {"exception": "KeyError"})
    assert "cause" not in segment


def test_of_many_invocations_the_share_is_traced_and_the_others_send_nothing(
    cloud: Cloud, context: Context, sampled: None, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("TAKINGS_TRACED_SHARE", "0.25")
    for number in range(0, 16**8, 16**8 // 20):
        assert invoke(context, number, monkeypatch)["statusCode"] == 202
    assert len(traces()) == 6  # those of the lowest quarter of the ids: 0 to 5 twentieths
    assert len(cloud.lines()) == 21


def test_without_a_share_no_sdk_is_loaded_and_nothing_is_sent(context: Context):
    quiet = Tracing(share_of({}), lost=pytest.fail)
    assert quiet.run(lambda event, _: event, {"a": 1}, context) == {"a": 1}  # type: ignore[arg-type]
    assert quiet._recorder is None


def test_a_callers_header_a_trace_id_or_a_request_id_decides_in_this_order():
    root = f"Root={ROOT_ID.format(16**8 - 1)}"
    assert is_traced(f"{root};Parent=53995c3f42cd8ad8;Sampled=1", "7f3a", Decimal(0))
    assert not is_traced(f"{root};Parent=53995c3f42cd8ad8;Sampled=0", "7f3a", Decimal("0.9"))
    assert is_traced("", "0e61a6f5-6bd1-4ff5-a8ba-f3c519000000", Decimal("0.1"))
    assert not is_traced("", "0e61a6f5-6bd1-4ff5-a8ba-f3c519000000", Decimal("0.01"))


@pytest.mark.parametrize("header", ["Root=1-6a0b1c2d-not-a-trace", "Root=;Sampled=", "="])
def test_an_id_that_is_none_costs_the_trace_and_not_the_answer(header: str):
    assert not is_traced(header, "no-id", Decimal("0.9"))


def test_a_trace_that_x_ray_does_not_take_harms_no_answer(
    cloud: Cloud,
    context: Context,
    sampled: None,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
):
    class Lost:
        def put_trace_segments(self, **_: Any) -> None:
            raise EndpointConnectionError(endpoint_url="https://xray.eu-west-1.amazonaws.com")

    monkeypatch.setattr(tracing, "client", lambda *_, **__: Lost())
    assert invoke(context, 7, monkeypatch)["statusCode"] == 202
    assert [record.message for record in caplog.records] == ["A trace was lost"]


@pytest.mark.parametrize("share", ["-0.1", "1.1", "many", "nan"])
def test_a_share_that_is_none_is_named(share: str):
    with pytest.raises(SettingsError, match="TAKINGS_TRACED_SHARE"):
        share_of({"TAKINGS_TRACED_SHARE": share})

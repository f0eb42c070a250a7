"""Raw objects as bytes without a person, in every area and packing; and a plan that reads back as it was saved."""

from __future__ import annotations

import base64
import gzip
import json
import pickle
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from catalogue.errors import LakeError, SettingsError
from pipeline.contract.events import encode
from pipeline.contract.rejections import ERASED, Rejection, quarantine_line
from pipeline.curate import raw
from pipeline.erasure import contents, plan
from pipeline.erasure.identity import Person, Pseudonyms
from pipeline.erasure.lines import Eraser
from pipeline.lake import RAW_ERRORS, RAW_EVENTS, RAW_QUARANTINE, RAW_STREAM
from pipeline.objects import Folder
from tests.support.firehose import undelivered
from tests.support.given import event

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
PERSON = Person(frozenset({"c1"}), frozenset({("", "s1")}))
ERASER = Eraser(PERSON, Pseudonyms({"c1": "erased-1"}, {("", "s1"): "erased-2"}))
OWN = encode(event("e1", "2026-03-01 09:00", customer_id="c1", session_id="s1"))
OTHER = encode(event("e2", "2026-03-01 09:00", customer_id="c12"))


def refused(record: bytes) -> bytes:
    return quarantine_line(record, Rejection("x", "Refused."), origin="o:1", received_at=AT, source="native")


def changed(area: str, name: str, content: bytes) -> list[bytes]:
    """The lines of an object without the person; it is changed and the same again the second time."""
    written, count = contents.without(area, name, content, ERASER)
    assert count > 0
    assert contents.without(area, name, written, ERASER) == (written, 0)
    assert contents.count(area, name, written) == contents.count(area, name, content), "no record is lost"
    return list(contents.lines_of(name, written))


@pytest.mark.parametrize("name", ["1.jsonl", "1.jsonl.gz", "1.jsonl.zst", "unpacked on its way.gz"])
def test_lines_keep_their_place_and_their_packing(name: str) -> None:
    content = OTHER + b"\n\n" + OWN + b"\n" + refused(b"c1") + b"\n" + refused(b"c12") + b"\n"
    packed = {"1.jsonl.gz": gzip.compress, "1.jsonl.zst": lambda data: pa.compress(data, "zstd", asbytes=True)}
    own, record = changed(RAW_STREAM, name, packed.get(name, bytes)(content))[1:3]
    assert (json.loads(own)["customer_id"], json.loads(own)["session_id"]) == ("erased-1", "erased-2")
    assert base64.b64decode(json.loads(record)["record"]) == ERASED
    assert json.loads(record)["reason"] == "x"
    written, _ = contents.without(RAW_STREAM, name, packed.get(name, bytes)(content), ERASER)
    lines = list(contents.unpacked_content(written, name))
    assert [line.strip() for line in (lines[0], lines[1], lines[4])] == [OTHER, b"", refused(b"c12")]
    assert written.startswith(b"{") == (name not in packed)


def test_a_line_that_cannot_be_read_keeps_its_time_where_its_object_is_written_again() -> None:
    then = datetime(2026, 2, 1, tzinfo=UTC)
    content = b"poison\n" + OWN + b"\n" + OTHER + b"\n"
    lines = contents.without(RAW_STREAM, "raw/stream/1", content, ERASER, {1: then})[0].splitlines()
    assert (json.loads(lines[0]), lines[2]) == (
        {
            "record": base64.b64encode(b"poison").decode(),
            "reason": raw.UNREADABLE,
            "detail": raw.EVENTS.unreadable,
            "origin": "raw/stream/1:1",
            "source": raw.SOURCE,
            "received_at": "2026-02-01T00:00:00Z",
        },
        OTHER,
    )
    assert contents.without(RAW_STREAM, "1", b"poison\n" + OTHER, ERASER, {1: then}) == (b"poison\n" + OTHER, 0)
    imported = contents.without(RAW_EVENTS, "1", content, ERASER, {1: then})[0]
    assert imported.startswith(b"poison\n"), "an import has no refused records"


def test_an_object_without_the_person_is_the_same_bytes() -> None:
    content = gzip.compress(OTHER + b"\n" + refused(b"c12"))
    assert contents.without(RAW_STREAM, "1.gz", content, ERASER) == (content, 0)


def test_a_line_is_what_its_area_says() -> None:
    assert list(contents.ids(RAW_QUARANTINE, "1.jsonl", OWN)) == []
    assert list(contents.ids(RAW_ERRORS, "1", undelivered(OWN))) == []
    assert [ids.event_id for ids in contents.ids(RAW_EVENTS, "1.jsonl", OWN + b"\n" + OTHER)] == ["e1", "e2"]
    assert [ids.event_id for ids in contents.ids(RAW_STREAM, "1", OWN + b"\n" + refused(OWN), PERSON)] == ["e1"]
    assert changed(RAW_QUARANTINE, "1.jsonl", OWN) == [ERASED]


def test_what_could_not_be_delivered_loses_its_bytes_and_stays_a_record() -> None:
    record = OWN + b"\n" + OTHER + b"\n" + refused(b"c1") + b"\n"
    (line,) = changed(RAW_ERRORS, "1", undelivered(record))
    parts = base64.b64decode(json.loads(line)["rawData"]).split(b"\n")
    assert parts[:2] == [ERASED, OTHER]
    assert base64.b64decode(json.loads(parts[2])["record"]) == ERASED
    assert {name: value for name, value in json.loads(line).items() if name != "rawData"} == {
        name: value for name, value in json.loads(undelivered(record)).items() if name != "rawData"
    }


def test_words_of_the_delivery_stream_that_name_the_person_go_with_the_record() -> None:
    failure = json.loads(undelivered(OTHER)) | {"errorMessage": "No place for c1."}
    (line,) = changed(RAW_ERRORS, "1", json.dumps(failure).encode())
    assert json.loads(line)["errorMessage"] == "Erased on request."
    assert base64.b64decode(json.loads(line)["rawData"]) == ERASED


def test_a_line_of_the_error_prefix_that_is_no_failure_is_judged_as_it_is() -> None:
    assert changed(RAW_ERRORS, "1", b"{broken c1") == [ERASED]
    (line,) = changed(RAW_ERRORS, "1", refused(b"c1"))
    assert base64.b64decode(json.loads(line)["record"]) == ERASED


def test_a_plan_reads_back_and_is_for_its_ids_alone(tmp_path: Path) -> None:
    lake, asked = Folder(tmp_path), Person(frozenset({"c1"}))
    assert plan.unfinished(lake, asked) is None
    shared = Pseudonyms({"c1": "erased-1"}, {("", "s1"): "erased-2", ("n", "s"): "erased-3"}, {}, {("n", "s")})
    saved = plan.planned(asked, replace(PERSON, named_sessions=frozenset({"c1"})), Eraser(PERSON, shared), AT)
    plan.save(lake, saved)
    found = plan.unfinished(lake, asked)
    assert found == saved
    copies = [pickle.loads(pickle.dumps(one.eraser.pseudonyms)) for one in (found, saved)]  # noqa: S301 - our own
    requests = {copy.of(copy.requests, "r1") for copy in copies}
    assert len(requests) == 1, "the same on every worker, and after a kill"
    assert requests != {plan.planned(asked, PERSON, ERASER, AT).eraser.pseudonyms.of({}, "r1")}
    with pytest.raises(SettingsError, match="other ids"):
        plan.unfinished(lake, Person(frozenset({"c2"})))
    with pytest.raises(LakeError, match="Another erasure"):
        plan.save(lake, plan.planned(asked, PERSON, ERASER, AT))
    (tmp_path / plan.FILE).write_text("{}")
    with pytest.raises(LakeError, match="cannot be read"):
        plan.unfinished(lake, asked)

"""The browser files as they are shipped. What they do is tested in a browser (tests/browser)."""

from __future__ import annotations

import gzip
import re

import msgspec
import pytest

from pipeline.contract.shape import EVENT_TYPES, Recommendation
from pipeline.recommend.serving.question import PARAMETERS
from tests.support.paths import ROOT

TRACKER = ROOT / "tracker"
LIMITS = {"takings.js": 4 * 1024, "recommendations.js": 2560}  # bytes


def text(name: str) -> str:
    return (TRACKER / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", LIMITS)
def test_a_file_is_small_on_the_wire(name: str):
    assert len(gzip.compress((TRACKER / name).read_bytes(), 9)) <= LIMITS[name]


def test_every_file_has_a_limit():
    assert {path.name for path in TRACKER.iterdir()} == set(LIMITS)


def test_the_tracker_sends_only_what_the_contract_knows():
    sent = re.findall(r"track\('(\w+)'", text("takings.js"))
    assert set(sent) == {"product_view", "cart_add", "checkout_start", "purchase"}
    assert set(sent) <= set(EVENT_TYPES)


def test_the_list_sends_only_what_the_contract_knows():
    kinds = {f"recommendation_{kind}" for kind in re.findall(r"send\('(\w+)'\)", text("recommendations.js"))}
    assert kinds == {kind for kind in EVENT_TYPES if kind.startswith("recommendation_")}
    (fields,) = re.findall(r"recommendation: \{ ([\w, ]+) \}", text("recommendations.js"))
    assert set(fields.split(", ")) == {field.name for field in msgspec.structs.fields(Recommendation)}


def test_no_option_of_drawing_is_a_parameter_of_the_question():
    (options,) = re.findall(r"question = \(\{ ([\w, ]+), \.\.\.parameters", text("recommendations.js"))
    assert not set(options.split(", ")) & set(PARAMETERS)


@pytest.mark.parametrize("way", ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", ".style.", "eval("])
def test_no_file_makes_markup_or_code_of_text(way: str):
    assert not [name for name in LIMITS if way in text(name)]


def test_the_list_stores_nothing():
    assert not re.search("localStorage|sessionStorage|cookie|indexedDB", text("recommendations.js"))

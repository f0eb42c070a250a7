"""The treemap of the bill: what is drawn, folded and left out, and where a click leads."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, cast

from console.finops.charges import Basis
from console.spend.answer import Spend
from console.spend.breakdown import Breakdown, DimensionValue
from console.spend.effects import PricedLine
from console.spend.part import BillPart
from console.spend.selection import SpendSelection
from console.spend.views import treemap


def value(name: str, cost: str | None, before: str | None = None, *, is_apart: bool = False) -> DimensionValue:
    amounts = [None if amount is None else Decimal(amount) for amount in (cost, before)]
    return DimensionValue(name, name, is_apart, *amounts, share=None)


def line(service: str, usage_type: str, cost: str, before: str = "0", kind: str = "Usage") -> PricedLine:
    return PricedLine(
        service, usage_type, "eu-west-1", "1", "Hrs", kind, Decimal(cost), Decimal(before), None, None, 1, 1
    )


def spend(*values: DimensionValue, by: str = "service", lines: Sequence[PricedLine] | None = None) -> Spend:
    """As much of an answer as the treemap reads."""
    changed = None if lines is None else SimpleNamespace(lines=lines)
    read = SimpleNamespace(
        breakdown=Breakdown(by, values, ()), part=BillPart("USD"), basis=Basis.EFFECTIVE, changed=changed
    )
    return cast("Spend", read)


def trace(answer: Spend, chosen: SpendSelection, crumbs: Sequence[str] = ("Whole bill",)) -> dict[str, Any]:
    figure = treemap.treemap(answer, chosen, crumbs).figure
    assert figure is not None
    (drawn,) = figure["data"]
    return cast("dict[str, Any]", drawn)


WHOLE = SpendSelection()
INSIDE = WHOLE.into("Lambda")


def test_values_above_zero_are_drawn_inside_of_the_whole_bill() -> None:
    drawn = trace(spend(value("Lambda", "30"), value("S3", "10")), WHOLE)
    assert drawn["labels"] == ["Whole bill", "Lambda", "S3"]
    assert drawn["parents"] == ["", "up:0", "up:0"]
    assert drawn["values"] == [0, 30.0, 10.0]
    assert drawn["text"] == ["", "75.0\u202f%", "25.0\u202f%"]


def test_hovering_says_cost_share_and_change() -> None:
    drawn = trace(spend(value("Lambda", "30", "20"), value("S3", "10", "0")), WHOLE)
    assert drawn["hovertext"][1:] == [
        "<b>Lambda</b><br>Cost $30.00<br>Share of the picture 75.0\u202f%<br>Change $10.00 (+50.0\u202f%)",
        "<b>S3</b><br>Cost $10.00<br>Share of the picture 25.0\u202f%<br>Change $10.00",
    ]


def test_usage_types_are_inside_of_their_service_where_the_page_asked_for_the_change() -> None:
    lines = [line("Lambda", "GB-Second", "25", "5"), line("Lambda", "Request", "5"), line("S3", "Storage", "10")]
    drawn = trace(spend(value("Lambda", "30"), value("S3", "10"), lines=lines), WHOLE)
    assert drawn["labels"] == ["Whole bill", "Lambda", "GB-Second", "Request", "S3"]
    assert drawn["values"] == [0, 0, 25.0, 5.0, 10.0]  # a service is as large as what is inside of it
    assert drawn["parents"][2] == drawn["ids"][1]
    assert "Lambda · GB-Second" in drawn["hovertext"][2]


def test_credits_and_amounts_below_zero_are_said_and_not_drawn() -> None:
    answer = spend(
        value("Lambda", "30"), value("S3", "-4.50"), value("SQS", None), value("Free", "0"),
        value("Credit", "-12", is_apart=True), value("Tax", "3", is_apart=True),
        lines=[line("Lambda", "a", "20"), line("Lambda", "b", "10"), line("Lambda", "c", "9", kind="Tax")],
    )  # fmt: skip
    assert trace(answer, WHOLE)["labels"] == ["Whole bill", "Lambda", "a", "b"]
    assert treemap.left_out(answer) == (
        "Not in the picture: Credit −$12.00, Tax $3.00, 1 value below zero −$4.50, 1 value of unknown cost."
    )
    assert treemap.left_out(spend(value("Lambda", "30"))) == ""


def test_small_values_are_folded_into_one_that_leads_nowhere() -> None:
    small = [value(f"s{number}", "0.1", "0.2") for number in range(5)]
    drawn = trace(spend(value("Lambda", "100", "90"), *small), WHOLE)
    assert drawn["labels"] == ["Whole bill", "Lambda", "Other (5)"]
    assert drawn["values"][2] == 0.5
    assert "Change −$0.50 (−50.0\u202f%)" in drawn["hovertext"][2]
    assert treemap.state_after(WHOLE, drawn["ids"][2]) is None


def test_more_values_than_have_room_are_folded() -> None:
    drawn = trace(spend(*(value(f"s{number:02}", "1") for number in range(30))), WHOLE)
    assert len(drawn["labels"]) == 1 + treemap.MOST_TILES + 1
    assert drawn["labels"][-1] == f"Other ({30 - treemap.MOST_TILES})"


def test_without_spend_above_zero_nothing_is_drawn() -> None:
    plot = treemap.treemap(spend(value("Lambda", "-1")), WHOLE, ["Whole bill"])
    assert plot.figure is None
    assert "no spend above zero" in plot.alt


def test_a_click_on_a_value_leads_where_a_click_on_its_row_does() -> None:
    lines = [line("Lambda", "GB-Second", "25"), line("Lambda", "Request", "5")]
    drawn = trace(spend(value("Lambda", "30"), lines=lines), WHOLE)
    assert treemap.state_after(WHOLE, drawn["ids"][1]) == WHOLE.into("Lambda")
    assert treemap.state_after(WHOLE, drawn["ids"][2]) == WHOLE.into("Lambda").into("GB-Second")


def test_a_click_on_what_is_around_goes_back_up() -> None:
    drawn = trace(spend(value("Request", "5"), by="usage_type"), INSIDE, ["Whole bill", "Lambda"])
    assert drawn["ids"][:2] == ["up:0", "up:1"]
    assert drawn["parents"] == ["", "up:0", "up:1"]
    assert treemap.state_after(INSIDE, "up:0") == WHOLE
    assert treemap.state_after(INSIDE, "up:1") is None  # where the reader is already


def test_what_cannot_be_looked_into_leads_nowhere() -> None:
    chosen = INSIDE.into("Request").into("arn:1")
    found = treemap.tiles(spend(value("Request", "5"), by=chosen.by), chosen)
    assert [tile.path for tile in found] == ([()] if not chosen.can_look_into() else [("Request",)])
    assert treemap.state_after(chosen, "other:Other (2) of up:3") is None


def test_names_of_any_spelling_come_back_as_they_are() -> None:
    name = 'a"b</b>:/\\数'
    drawn = trace(spend(value(name, "5")), WHOLE)
    assert treemap.state_after(WHOLE, drawn["ids"][1]) == WHOLE.into(name)
    assert "</b>:" not in drawn["labels"][1]


def test_a_long_name_is_cut_in_its_tile_and_whole_in_the_hover_text() -> None:
    drawn = trace(spend(value("Amazon Elastic Container Service", "5")), WHOLE)
    assert drawn["labels"][1] == "Amazon Elastic Containe…"
    assert "<b>Amazon Elastic Container Service</b>" in drawn["hovertext"][1]

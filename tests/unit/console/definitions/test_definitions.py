"""Words are defined once, found by what they mean, and printed in the documentation as they stand in the SQL."""

from __future__ import annotations

from pathlib import Path

from console.definitions.answer import as_markdown, definitions, matching

METRICS = Path(__file__).resolve().parents[4] / "docs" / "metrics.md"


def test_the_words_of_the_design_are_all_defined() -> None:
    terms = {definition.term for definition in definitions()}
    assert {
        "Net revenue",
        "Gross revenue",
        "Refunds",
        "Gross margin",
        "Orders",
        "Average order value (AOV)",
        "Units per order",
        "Session",
        "Conversion rate",
        "Cart abandonment",
        "Lift",
        "Conservation law",
    } <= terms


def test_a_search_finds_words_by_name_and_by_meaning() -> None:
    assert [definition.term for definition in matching(definitions(), "basket nowhere")] == []
    assert "Cart abandonment" in [definition.term for definition in matching(definitions(), "cart PURCHASE")]
    assert len(matching(definitions(), "  ")) == len(definitions())


def test_the_documented_metrics_are_the_ones_in_the_queries() -> None:
    assert METRICS.read_text(encoding="utf-8") == as_markdown()

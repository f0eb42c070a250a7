"""The anatomy of a page: heading, failed and empty state, trust line."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pyarrow as pa
import pytest
from streamlit.testing.v1 import AppTest

from console.asking.engines import Result, Statistics, combine
from console.asking.formatting import NARROW_SPACE
from console.kit import page, prose, trust_line
from console.kit.navigation import PAGES
from tests.support.paths import SUPPORT

GALLERY = str(SUPPORT / "gallery.py")
NOW = datetime(2026, 11, 29, 23, 0, tzinfo=UTC)
STATISTICS = Statistics("duckdb", 0.084, 12_431_220, Decimal(0), data_as_of=NOW - timedelta(minutes=19))


def trust(statistics: Statistics, share: Decimal | None = None) -> list[str]:
    parts = trust_line.parts(statistics, quarantined_share=share, now=NOW)
    return [part.replace(NARROW_SPACE, " ") for part, _ in parts]


def html_of(app: AppTest) -> str:
    """What a reader gets, the style sheet left out."""
    return "\n".join(block.proto.body for block in app.get("html") if not block.proto.body.startswith("<style"))


def in_state(state: str, **query: str) -> tuple[AppTest, str]:
    app = AppTest.from_file(GALLERY, default_timeout=30)
    app.query_params.update({"state": state} | query)
    app.run()
    return app, html_of(app)


def test_the_trust_line_marks_stale_answers_and_failed_renewals():
    assert "being renewed" in trust(STATISTICS.as_stale(""))
    parts = dict(trust_line.parts(STATISTICS.as_stale("Athena is busy."), quarantined_share=None, now=NOW))
    assert parts["not renewed"] == "Newer data is there and could not be asked for: Athena is busy."
    assert "being renewed" not in trust(STATISTICS.as_cached())


def test_the_trust_line_says_where_a_number_came_from():
    assert trust(STATISTICS, Decimal("0.0042")) == [
        "Data as of 29 Nov 2026, 22:41 UTC (19 min ago)",
        "0.4 % quarantined",
        "duckdb",
        "84 ms",
        "12.4 MB",
        "$0",
    ]


def test_the_trust_line_explains_time_reuse_and_warehouse_seconds():
    athena = replace(STATISTICS, engine="Athena", queue_seconds=0.12, engine_seconds=0.84)
    redshift = replace(STATISTICS, engine="Redshift", engine_seconds=2.0, rpu_seconds=Decimal(480))
    both = combine([Result(pa.table({}), engine, "q", "select 1") for engine in (athena, redshift)])
    parts = {
        part.replace(NARROW_SPACE, " "): hint.replace(NARROW_SPACE, " ")
        for part, hint in trust_line.parts(both, quarantined_share=None, now=NOW)
    }
    assert parts["168 ms"] == (
        "From asking to the last row, all statements added: 120 ms in the engine's queue, 2.8 s running"
    )
    assert parts["$0"] == "Price of the queries, with 480 RPU-seconds of the warehouse"
    assert "reused" not in parts
    reused = [Result(pa.table({}), replace(athena, reused=True), "q", "select 1")] * 2
    assert "reused" in trust(combine(reused))
    assert "reused" not in trust(replace(athena, reused=True).as_cached())
    again = redshift.as_cached()
    assert (again.engine_seconds, again.rpu_seconds) == (None, 0), "what another reader paid for is not paid for again"


def test_a_cached_answer_says_so_instead_of_time_and_bytes():
    assert trust(STATISTICS.as_cached())[1:] == ["duckdb", "cached", "$0"]


def test_what_an_engine_does_not_say_is_left_out():
    quiet = replace(STATISTICS, bytes_scanned=None, dollars=None, data_as_of=None)
    assert trust(quiet) == ["No events yet", "duckdb", "84 ms"]


@pytest.mark.parametrize(
    ("docstring", "question"),
    [
        ("Revenue: what did we earn, where and from what?", "What did we earn, where and from what?"),
        ("What sells,\nand with what?\n\nNotes for readers of the code.", "What sells, and with what?"),
        (None, ""),
    ],
)
def test_the_question_is_the_first_paragraph_of_the_docstring(docstring: str | None, question: str):
    assert page.question_of("Revenue", docstring) == question


def test_a_named_error_shows_what_where_and_remedy_and_no_traceback():
    app, html = in_state("failed")
    assert not app.exception
    assert "The engine broke off the query: column net_revenu does not exist" in html
    assert "queries/sales/net_revenue_by_day.sql, line 14" in html
    assert "Correct the column&#x27;s name in the file, then try again." in html
    assert "tk-trust" not in html
    assert [button.label for button in app.button] == ["Try again"]


def test_trying_again_runs_the_page_again():
    app, _ = in_state("failed")
    app.query_params["state"] = "data"
    app.button[0].click().run()
    assert "tk-tiles" in html_of(app)


def test_a_missing_lake_shows_the_commands_that_make_one():
    app, html = in_state("lake")
    assert not app.exception
    assert "There is no data yet" in html
    assert [code.value for code in app.code] == ["\n".join(page.FILL_COMMANDS)]


def test_an_empty_selection_offers_to_clear_the_filters_only_when_there_are_some():
    app, html = in_state("empty", channel="web")
    assert "Widen the dates, or clear a filter." in html
    assert "tk-tiles" not in html
    app.button(key="tk-empty-clear").click().run()
    assert [button.label for button in app.button] == []


def test_the_data_state_shows_every_part_of_the_anatomy_and_the_badge():
    app, html = in_state("data")
    assert not app.exception
    for part in ("tk-head", "sample data", "tk-dates", "tk-tiles", "tk-chart-title", "tk-trust"):
        assert part in html
    assert len(app.get("echarts_chart")) == 3
    assert [code.language for code in app.code] == ["sql"]


def test_an_error_text_cannot_bring_its_own_markup():
    def script() -> None:
        from catalogue.errors import QueryFailed
        from console.kit import page as shown

        with shown.errors_shown():
            raise QueryFailed("<img src=x>", where="<b>", remedy="<i>")

    app = AppTest.from_function(script)
    app.run()
    assert "&lt;img src=x&gt;" in app.get("html")[0].proto.body
    assert "<img" not in app.get("html")[0].proto.body


def test_the_failed_state_ends_the_page():
    def script() -> None:
        import streamlit as st

        from catalogue.errors import QueryFailed
        from console.kit import page as shown

        with shown.headed("Stock", "Stock: what is left?\n\nNotes."):
            raise QueryFailed("The engine broke off the query")
        st.text("after")

    app = AppTest.from_function(script)
    app.run()
    assert not app.exception
    assert "<h1>Stock</h1><p>What is left?</p>" in html_of(app)
    assert "tk-failed" in html_of(app)
    assert not app.text


def test_what_markdown_would_interpret_is_escaped_in_a_label():
    assert prose.escaped("$5 *a_b* [c](d)") == r"\$5 \*a\_b\* \[c\]\(d\)"


def test_an_error_that_is_not_named_travels_up():
    with pytest.raises(KeyError), page.errors_shown():
        raise KeyError("a bug")


def test_the_menu_has_one_home_and_no_address_twice():
    paths = [entry.url_path for entry in PAGES]
    assert paths.count("") == 1
    assert len(set(paths)) == len(paths)
    assert len({entry.title for entry in PAGES}) == len(PAGES)


def together() -> None:
    """A page that says what version its questions see."""
    import streamlit as st

    from console.asking.engines.running import seen_versions
    from console.kit import page

    before = seen_versions()
    with page.headed("Together", "What is asked together?"):
        seen = seen_versions()
        assert seen is not None
        seen["lake"] = seen.get("lake", 0) + 1
        st.text(f"{before}, {seen_versions()}")
    st.text(f"after: {seen_versions()}")


def test_all_that_a_page_asks_in_one_run_sees_one_version_and_the_next_run_sees_the_next():
    app = AppTest.from_function(together).run()
    assert [text.value for text in app.text] == ["None, {'lake': 1}", "after: None"]
    assert [text.value for text in app.run().text] == ["None, {'lake': 1}", "after: None"]

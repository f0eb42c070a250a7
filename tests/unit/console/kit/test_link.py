"""The link: what it says comes first, what was chosen goes into it, and what cannot be used is ignored."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from console.kit.link import first


def script() -> None:
    """A page with one choice, one remembered group and one that is not."""
    import streamlit as st

    from console.kit.link import Choice, Link

    st.text(Choice("size", {"s": "Small", "l": "Large"}, default="s").draw("Size"))
    if "newest" in st.session_state:
        newest = st.session_state["newest"]
        Choice("of", {"old": "Old", newest: newest}, default=newest, is_always_written=True).draw_list("Of", width=200)
    for link in (Link("kept-", ("colour", "also")), Link("plain-", ("shape",), is_remembered=False)):
        name = link.parameters[0]
        query, is_new = link.read()
        if is_new:
            st.session_state[link.widget(name)] = query.get(name, [])
        chosen = st.multiselect(name, link.options(["red", "round"], name), key=link.widget(name))
        link.write({name: chosen} if chosen else {})


@pytest.fixture
def app() -> AppTest:
    return AppTest.from_function(script, default_timeout=30)


def test_the_first_value_of_a_parameter_is_read_and_empty_without_one() -> None:
    assert first({"a": ["1", "2"]}, "a") == "1"
    assert first({"a": []}, "a") == first({}, "a") == ""


def test_a_choice_is_read_from_the_link_and_written_into_it(app: AppTest) -> None:
    app.query_params["size"] = "l"
    app.run()
    assert app.text[0].value == "l"
    app.segmented_control(key="tk-size").set_value("s").run()
    assert app.text[0].value == "s"
    assert dict(app.query_params) == {}
    app.segmented_control(key="tk-size").set_value("l").run()
    assert dict(app.query_params) == {"size": "l"}


def test_a_choice_that_is_not_offered_is_the_default_and_leaves_the_link(app: AppTest) -> None:
    app.query_params["size"] = "huge"
    app.run()
    assert not app.exception
    assert app.text[0].value == "s"
    assert dict(app.query_params) == {}


def test_a_default_that_can_change_is_written_so_that_the_link_shows_the_same_later(app: AppTest) -> None:
    app.session_state["newest"] = "a"
    app.run()
    assert dict(app.query_params) == {"of": "a"}


def test_a_new_link_comes_before_what_the_widgets_hold(app: AppTest) -> None:
    app.run()
    app.segmented_control(key="tk-size").set_value("l").run()
    app.multiselect(key="plain-shape").set_value(["round"]).run()
    app.query_params.clear()
    app.query_params.update({"size": "s", "colour": "red", "other": "1"})
    app.run()
    assert app.text[0].value == "s"
    assert app.multiselect(key="kept-colour").value == ["red"]
    assert app.multiselect(key="plain-shape").value == []
    assert dict(app.query_params) == {"colour": "red", "other": "1"}


def test_an_emptied_link_keeps_what_is_remembered_and_resets_the_rest(app: AppTest) -> None:
    app.query_params.update({"size": "l", "colour": "red", "shape": "round"})
    app.run()
    app.query_params.clear()  # as Streamlit does on the way to another page
    app.run()
    assert app.multiselect(key="kept-colour").value == ["red"]
    assert app.multiselect(key="plain-shape").value == []
    assert app.text[0].value == "s"
    assert dict(app.query_params) == {"colour": "red"}


def test_a_value_that_is_no_longer_offered_stays_chosen(app: AppTest) -> None:
    app.query_params["colour"] = "gone"
    app.run()
    assert not app.exception
    assert app.multiselect(key="kept-colour").value == ["gone"]

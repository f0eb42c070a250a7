"""What is recommended to one customer: who may be looked at, whose history is read, and what is connected."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from catalogue.errors import BindingError
from console.asking.contents import Contents
from console.recommendations import customer
from console.recommendations.customer import Asked, Who
from console.recommendations.source import CatalogueProduct, PastAction, Use
from tests.support.lake_rows import Rows, money
from tests.support.recommendation_source import Told, item, lists_alone, record

LAST = date(2026, 3, 30)
CONTENTS = Contents(date(2026, 3, 1), LAST, LAST, (), (), ())
VIEWED = PastAction("lamp", "Lamp", "Home", "product_view", datetime(2026, 3, 30, 9, tzinfo=UTC))
PRODUCTS = [
    CatalogueProduct("p1", "Blue mug", "Kitchen", True),
    CatalogueProduct("p2", "Mug", "Kitchen", True),
    CatalogueProduct("mug", "Teapot", "Kitchen", True),
    CatalogueProduct("p4", "Teapot stand", "Kitchen", True),
]


@pytest.mark.parametrize(
    ("text", "found"),
    [("mug", "mug"), ("MUG", "p2"), ("teapot st", "p4"), ("blue", "p1"), (" stand ", "p4"), ("x", None), ("", None)],
)
def test_a_product_is_found_by_its_id_then_its_name_then_a_beginning_then_a_part(text: str, found: str | None):
    product = customer.product_of(PRODUCTS, text)
    assert (product and product.product_id) == found


def test_an_id_that_is_too_long_is_refused_and_blanks_around_one_are_dropped():
    assert customer.checked(Asked(" c1 ", "", " p1")) == Asked("c1", "", "p1")
    with pytest.raises(BindingError, match="customer has 65 characters"):
        customer.checked(Asked("c" * 65))


def test_a_customer_goes_before_a_session():
    assert customer.checked(Asked("c1", "s1")) == Asked("c1")


def test_the_surfaces_are_asked_for_the_customer_with_the_product_of_the_page():
    source = Told(histories={"c1": [VIEWED]})
    found = customer.shown(source, Who(Asked("c1", product="mug")), n=3)
    assert [answer.surface for answer in found.answers] == list(customer.SURFACES)
    assert source.asked == [{"customer_id": "c1", "recent": [], "context_item": "mug", "n": 3}]
    assert list(found.history) == [VIEWED]
    assert found.is_known
    assert found.has_model
    assert found.newest is None


def test_the_actions_of_a_session_stand_in_for_a_history():
    source = Told()
    found = customer.shown(source, Who(Asked(session="s1"), actions=[VIEWED]))
    assert source.asked[0]["customer_id"] is None
    assert source.asked[0]["recent"] == [VIEWED]
    assert list(found.history) == [VIEWED]


def test_of_who_opted_out_the_history_is_not_read():
    found = customer.shown(Told(opted_out={"c1"}, histories={"c1": [VIEWED]}), Who(Asked("c1")))
    assert found.has_opted_out
    assert not found.is_known


def test_of_who_is_hidden_nothing_is_read_and_everybodys_lists_are_shown():
    source = Told(histories={"c1": [VIEWED]}, opted_out={"c1"})
    found = customer.shown(source, Who(Asked("c1"), regions=("North",)))
    assert source.asked[0]["customer_id"] is None
    assert not found.is_known
    assert not found.has_opted_out


def test_a_reader_of_some_regions_gets_answers_from_what_was_done_there_and_no_history():
    done = PastAction("mug", "Blue mug", "Kitchen", "cart_add", datetime(2026, 3, 29, 9, tzinfo=UTC))
    source = Told(histories={"c1": [VIEWED, done]})
    found = customer.shown(source, Who(Asked("c1"), regions=("North",), actions=[done]))
    assert source.asked == [{"customer_id": None, "recent": [done], "context_item": "", "n": customer.ITEMS}]
    assert list(found.history) == [done]
    refused = Told(opted_out={"c1"})
    found = customer.shown(refused, Who(Asked("c1"), regions=("North",), actions=[done]))
    assert found.has_opted_out
    assert refused.asked[0]["recent"] == list(found.history) == []


def test_without_a_model_the_newest_card_says_what_is_missing():
    aside = record(use=Use.ASIDE)
    assert customer.shown(Told([aside]), Who(Asked())).newest == aside
    assert customer.shown(Told([]), Who(Asked())).newest is None
    assert customer.shown(Told([lists_alone()]), Who(Asked())).newest is None  # lists answer


def test_the_product_that_most_are_because_of_comes_first():
    served = {
        "for_you": [item("a", 1, "x", "mug"), item("b", 2, "y", "lamp"), item("c", 3)],
        "viewed_also_viewed": [item("d", 1, "z", "lamp")],
    }
    assert customer.shown(Told(served=served), Who(Asked())).seeds == ["lamp", "mug"]


@pytest.fixture
def lake(tmp_path: Path) -> Rows:
    rows = Rows(tmp_path / "lake")
    seen = datetime(2026, 3, 1, 9)
    rows.table(
        "customers",
        [{"customer_id": "c1", "first_seen": seen, "last_seen": seen, "orders": 2, "net_revenue": money("12.5")}],
    )
    event: dict[str, object] = {"event_type": "product_view", "customer_id": "c1", "session_id": "s1"}
    rows.table(
        "events",
        [
            event | {"event_id": product, "product_id": product, "region": region, "event_date": day, "occurred_at": at}
            for product, region, day in (
                ("lamp", "North", LAST),
                ("mug", "East", LAST),
                ("old", "North", LAST - timedelta(days=customer.RECENT_DAYS)),
            )
            for at in [datetime(day.year, day.month, day.day, 9)]
        ],
    )
    return rows


def test_a_customer_is_told_by_the_lake_with_instants_in_utc(lake: Rows):
    found = customer.who(lake.scope(), CONTENTS, Asked("c1"))
    assert found.person is not None
    assert found.person.first_seen == datetime(2026, 3, 1, 9, tzinfo=UTC)
    assert (found.person.orders, found.person.net_revenue) == (2, money("12.5"))
    assert len(found.results) == 1
    assert customer.who(lake.scope(), CONTENTS, Asked("nobody")).person is None


def test_a_reader_of_other_regions_is_not_told_who_a_customer_is(lake: Rows):
    found = customer.who(lake.scope(regions=("South",)), CONTENTS, Asked("c1"))
    assert found.is_hidden
    assert found.person is None
    seen = customer.who(lake.scope(regions=("North",)), CONTENTS, Asked("c1"))
    assert not seen.is_hidden
    assert seen.person is None, "orders and revenue of all regions together are not for a reader of one"
    assert [(action.product_id, action.at) for action in seen.actions] == [("lamp", VIEWED.at)]
    assert seen.bounds.startswith("You see North: only what was done there in the last 7 days of the lake counts.")
    assert (found.bounds, customer.who(lake.scope(), CONTENTS, Asked("c1")).bounds) == ("", "")
    session = customer.who(lake.scope(regions=("North",)), CONTENTS, Asked(session="s1"))
    assert [action.product_id for action in session.actions] == ["lamp"]
    assert "in the last 2 days" in session.bounds


def test_anybody_is_asked_nothing_of_the_lake(lake: Rows):
    assert customer.who(lake.scope(), CONTENTS, Asked()) == Who(Asked())

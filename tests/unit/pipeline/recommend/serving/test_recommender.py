"""What is recommended to whom, and why."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from catalogue.errors import SourceError
from pipeline.live.documents import Item
from pipeline.recommend.customers.histories import Action, History
from pipeline.recommend.models.model import DirectoryEntry, Neighbours, RankedList
from pipeline.recommend.serving.question import Question
from pipeline.recommend.serving.recommender import Recommender
from tests.unit.pipeline.recommend.serving.shop import LAMP, MUG, NOW, TEAPOT, Shop, ids, model, neighbours


@pytest.fixture
def shop() -> Shop:
    return Shop()


def test_who_viewed_a_mug_is_recommended_what_goes_with_it_and_told_so(shop: Shop):
    shop.did("c1", ("product_view", "mug"))
    answer = shop.ask("c1", n=2)
    assert (answer.served, answer.surface, answer.customer_id, answer.request_id) == ("for_you", "for_you", "c1", "r1")
    assert answer.model == model().card.version
    assert [msgspec.to_builtins(item) | {"score": round(item.score, 4)} for item in answer.items] == [
        {
            "product_id": "teapot",
            "rank": 1,
            "score": 0.9,
            "why": {"kind": "viewed", "text": "Because you viewed The mug", "product_id": "mug"},
            "name": "The teapot",
            "category": "Kitchen",
        },
        {
            "product_id": "tray",
            "rank": 2,
            "score": 0.5,
            "why": {"kind": "viewed", "text": "Because you viewed The mug", "product_id": "mug"},
            "name": "The tray",
            "category": "Kitchen",
        },
    ]


def test_what_is_bought_in_the_cart_excluded_no_longer_sold_or_spoken_against_is_not_recommended(shop: Shop):
    shop.did("c1", ("product_view", "mug"), ("cart_add", "tray"), ("purchase", "rug"))
    assert ids(shop.ask("c1", exclude=frozenset({"chair"}))) == ["teapot", "bowl", "mug", "lamp"]
    assert "old" not in ids(shop.ask(n=50))


def test_what_was_viewed_may_be_recommended_again(shop: Shop):
    shop.did("c1", ("product_view", "mug"), ("product_view", "teapot"))
    assert ids(shop.ask("c1"))[0] == "teapot"


def test_later_lists_fill_what_lacks_and_each_item_says_which_reason_it_has(shop: Shop):
    shop.did("c1", ("product_view", "mug"))
    answer = shop.ask("c1")
    assert [(item.rank, item.product_id, item.why.kind) for item in answer.items] == [
        (1, "teapot", "viewed"),
        (2, "tray", "viewed"),
        (3, "bowl", "viewed"),
        (4, "mug", "popular_in_category"),
        (5, "rug", "popular"),
        (6, "chair", "popular"),
        (7, "lamp", "popular"),
    ]
    assert answer.items[2].why.text == "Viewed by others who viewed The mug"
    assert answer.items[3].why.text == "Popular in Kitchen"


@pytest.mark.parametrize(
    ("action", "kind", "text"),
    [
        ("product_view", "viewed", "Because you viewed The mug"),
        ("cart_add", "in_cart", "Goes with The mug in your cart"),
        ("purchase", "bought", "Because you bought The mug"),
    ],
)
def test_the_reason_says_what_the_customer_did(shop: Shop, action: str, kind: str, text: str):
    shop.did("c1", (action, "mug"))
    why = shop.ask("c1").items[0].why
    assert (why.kind, why.text, why.product_id) == (kind, text, "mug")


def test_a_product_without_a_name_is_called_by_its_id(shop: Shop):
    shop.model = model(neighbours={"for_you": neighbours({6: {TEAPOT: 1.0}})})
    shop.did("c1", ("product_view", "rug"))
    assert shop.ask("c1").items[0].why.text == "Because you viewed rug"


@pytest.mark.parametrize("customer", [None, "nobody"])
def test_who_is_unknown_gets_best_sellers(shop: Shop, customer: str | None):
    answer = shop.ask(customer)
    assert (answer.served, ids(answer)) == ("best_sellers", ["rug", "mug", "chair", "teapot", "lamp"])
    assert {item.why.text for item in answer.items} == {"Popular in this shop"}


def test_who_did_only_what_the_model_does_not_know_gets_best_sellers(shop: Shop):
    shop.did("c1", ("product_view", "brand-new"))
    assert shop.ask("c1").served == "best_sellers"


def test_where_nothing_goes_with_the_history_others_who_viewed_it_come_first(shop: Shop):
    shop.did("c1", ("product_view", "chair"))
    answer = shop.ask("c1", n=3)
    assert (answer.served, ids(answer)) == ("viewed_also_viewed", ["rug", "mug", "chair"])


def test_where_nobody_viewed_it_the_best_sellers_of_its_category_come_first(shop: Shop):
    shop.did("c1", ("product_view", "bowl"))
    answer = shop.ask("c1", n=1)
    assert (answer.served, ids(answer), answer.items[0].why.kind) == (
        "category_best_sellers",
        ["mug"],
        "popular_in_category",
    )


def test_a_page_about_a_product_asks_without_a_customer_and_never_gets_that_product(shop: Shop):
    also = shop.ask(context_item="mug", surface="viewed_also_viewed", n=3)
    assert (also.served, ids(also)) == ("viewed_also_viewed", ["bowl", "teapot", "rug"])
    together = shop.ask(context_item="mug", surface="bought_together", n=2)
    assert (together.served, ids(together)) == ("bought_together", ["tray", "bowl"])
    assert (together.items[0].why.kind, together.items[0].why.text) == (
        "goes_with",
        "Often bought together with The mug",
    )
    mine = shop.ask(context_item="mug", n=1)
    assert (mine.served, ids(mine)) == ("for_you", ["teapot"])


@pytest.mark.parametrize("surface", ["for_you", "bought_together", "viewed_also_viewed"])
def test_a_page_about_an_unknown_product_gets_best_sellers_without_it(shop: Shop, surface: str):
    answer = shop.ask(context_item="brand-new", surface=surface)
    assert (answer.served, ids(answer)[:2]) == ("best_sellers", ["rug", "mug"])


def test_bought_together_without_a_page_goes_by_the_newest_thing_that_goes_with_something(shop: Shop):
    shop.did("c1", ("cart_add", "lamp"), ("cart_add", "mug"))
    answer = shop.ask("c1", surface="bought_together", n=1)
    assert (answer.served, ids(answer)) == ("bought_together", ["tray"])


def test_a_category_is_all_that_is_given(shop: Shop):
    shop.did("c1", ("product_view", "mug"), ("product_view", "lamp"))
    assert ids(shop.ask("c1", category="Home")) == ["shade", "rug", "chair", "lamp"]
    answer = shop.ask(category="Kitchen", surface="best_sellers")
    assert (answer.served, ids(answer)) == ("category_best_sellers", ["mug", "bowl", "teapot"])
    assert shop.ask(category="Garden").items == ()


def test_what_sells_and_what_trends_can_be_asked_for_by_region_and_category(shop: Shop):
    assert ids(shop.ask(surface="best_sellers", n=1)) == ["rug"]
    north = shop.ask(surface="best_sellers", region="North", n=2)
    assert (north.served, ids(north)) == ("region_best_sellers", ["chair", "rug"])
    trending = shop.ask(surface="trending", n=2)
    assert (trending.served, ids(trending)) == ("trending", ["gift", "rug"])
    assert ids(shop.ask(surface="trending", category="Home", n=1)) == ["shade"]
    assert trending.items[0].why.text == "Trending now"


def test_the_newest_actions_weigh_more(shop: Shop):
    of = {MUG: {TEAPOT: 0.5}, LAMP: {5: 0.6}}
    shop.model = model(neighbours={"for_you": neighbours(of)}, lists=())
    shop.did("c1", ("product_view", "mug"), ("product_view", "lamp"))
    assert ids(shop.ask("c1")) == ["shade", "teapot"]
    shop.items["c1"][1] = msgspec.structs.replace(shop.items["c1"][1], at=NOW.replace(year=2025))
    assert ids(shop.ask("c1")) == ["teapot", "shade"]


def test_recent_popularity_lifts_products_and_is_then_the_reason(shop: Shop):
    prior = [0.0] * 10
    prior[7], prior[1] = 0.8, 0.1
    shop.model = model(prior=tuple(prior))
    shop.did("c1", ("product_view", "mug"))
    answer = shop.ask("c1", n=3)
    assert [(item.product_id, item.score, item.why.kind) for item in answer.items] == [
        ("teapot", 1.0, "viewed"),
        ("chair", 0.8, "popular"),
        ("tray", pytest.approx(0.5, abs=1e-4), "viewed"),
    ]


def test_a_list_made_for_a_customer_is_not_of_one_category_alone_but_a_page_or_a_filter_may_want_that():
    directory = tuple(DirectoryEntry(f"p{n}", "Kitchen" if n < 15 else "Home") for n in range(20))
    shop = Shop(
        model(
            directory=directory,
            neighbours={"for_you": (Neighbours(tuple(range(1, 20)), tuple(1 - n / 50 for n in range(1, 20))),) * 20},
            lists=(RankedList("best_sellers", "", (0,), (1.0,)),),
        )
    )
    shop.did("c1", ("product_view", "p0"))

    def home(**asked: str) -> int:
        return sum(item.category == "Home" for item in shop.ask("c1", **asked).items)

    assert [home(), home(category="Kitchen"), home(context_item="p0")] == [4, 0, 0]


def test_who_opted_out_gets_what_everybody_gets_and_the_history_is_not_read(shop: Shop):
    shop.did("c1", ("product_view", "mug"))
    shop.opted_out.add("c1")
    answer = shop.ask("c1")
    assert (answer.served, shop.asked) == ("best_sellers", [])
    assert ids(answer) == ids(shop.ask())


def test_where_it_is_unknown_who_refuses_everybodys_list_is_given_with_a_note(shop: Shop):
    shop.did("c1", ("product_view", "mug"))
    shop.down.add("customers")
    answer = shop.ask("c1")
    assert (answer.served, shop.asked) == ("best_sellers", [])
    assert "could not be read" in answer.note


def test_where_recent_actions_cannot_be_read_the_stored_history_is_good_enough_with_a_note(shop: Shop):
    shop.did("c1", ("product_view", "lamp"))
    shop.stored["c1"] = [Action("mug", "product_view", NOW.timestamp() - 86_400)]
    shop.down.add("live")
    answer = shop.ask("c1", n=1)
    assert (answer.served, ids(answer)) == ("for_you", ["teapot"])
    assert "could not be read" in answer.note


def test_who_did_nothing_lately_is_recommended_what_goes_with_the_stored_history(shop: Shop):
    shop.stored["c1"] = [Action("mug", "purchase", NOW.timestamp() - 86_400)]
    answer = shop.ask("c1", n=1)
    assert (answer.served, ids(answer)) == ("for_you", ["teapot"])
    assert answer.items[0].why.text == "Because you bought The mug"


def test_what_was_bought_is_never_recommended_again_however_often_it_is_viewed_since(shop: Shop):
    shop.stored["c1"] = [Action("teapot", "purchase", 0.0), Action("mug", "purchase", 0.0)]
    shop.did("c1", ("product_view", "teapot"), ("product_view", "mug"))
    answer = shop.ask("c1")
    assert ids(answer)[:2] == ["tray", "bowl"]
    assert not {"teapot", "mug"} & set(ids(answer))
    assert answer.items[0].why.text == "Because you viewed The mug"  # the newer action


def test_a_cart_of_long_ago_is_none(shop: Shop):
    shop.stored["c1"] = [Action("teapot", "cart_add", 3_600.0), Action("mug", "cart_add", 0.0)]
    answer = shop.ask("c1", n=1)
    assert ids(answer) == ["teapot"]
    assert answer.items[0].why.text == "Because you viewed The mug"


def test_given_actions_take_the_place_of_the_customers_own_and_nothing_is_read(shop: Shop):
    shop.did("c1", ("product_view", "lamp"))
    question = Question(customer_id="c1", n=1)
    answer = shop.recommender().answer(question, recent=[Item("mug", "product_view", NOW)])
    assert (ids(answer), shop.asked) == (["teapot"], [])


def test_the_history_of_a_customer_is_what_live_and_training_know_together(shop: Shop):
    shop.did("c1", ("product_view", "lamp"))
    shop.stored["c1"] = [Action("mug", "purchase", 3_600.0)]
    history = shop.recommender().history("c1")
    assert history.items == [
        Item("lamp", "product_view", NOW),
        Item("mug", "purchase", datetime(1970, 1, 1, 1, tzinfo=UTC)),
    ]
    shop.opted_out.add("c1")
    assert shop.recommender().history("c1") == History(refuses=True)


def test_before_the_first_model_the_answer_is_empty_and_says_why():
    shop = Shop(model=None)
    answer = shop.ask("c1")
    assert (answer.items, answer.served, answer.model) == ((), "none", "")
    assert "first training" in answer.note


def test_an_empty_model_is_an_empty_answer_with_a_note():
    shop = Shop(model=model(directory=(), neighbours={}, lists=()))
    answer = shop.ask("c1", context_item="mug")
    assert (answer.items, answer.served) == ((), "none")
    assert answer.note


def test_a_model_that_cannot_be_read_is_an_error(shop: Shop):
    shop.down.add("models")
    with pytest.raises(SourceError):
        shop.ask("c1")


def test_each_answer_has_an_id_of_its_own_that_fits_into_an_event(shop: Shop):
    recommender = Recommender(shop, shop, shop)
    found = {recommender.answer(Question()).request_id for _ in range(100)}
    assert len(found) == 100
    assert max(map(len, found)) <= 64

"""From a shop's data to a model, and which model becomes current."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec
import numpy as np
import pytest

from pipeline.recommend.learning import training
from pipeline.recommend.learning.training import train
from pipeline.recommend.methods.blend import Shares
from pipeline.recommend.models.model import BEST_SELLERS, BOUGHT_TOGETHER, EVERYWHERE, FOR_YOU, VIEWED_ALSO_VIEWED
from tests.support.shop_data import TODAY, shop_data, two_tastes

NOW = datetime(2026, 4, 1, 3, tzinfo=UTC)
SHOP = two_tastes()


@pytest.fixture(scope="module")
def trained():
    return train(SHOP, seed=7, now=NOW)


class InUse:
    """A published model, as training looks at it."""

    def __init__(self, model, *, knows=lambda _: True):
        self.card, self._knows = model.card, knows

    def place_of(self, product_id):
        return 0 if self._knows(product_id) else None


def without_clock(model):
    return msgspec.structs.replace(
        model, card=msgspec.structs.replace(model.card, training_seconds=0.0, peak_megabytes=0.0)
    )


def test_a_shop_where_tastes_differ_gets_a_blend_that_beats_popularity(trained):
    assert trained.aside is None
    card = trained.model.card
    measures = {measure.method: measure for measure in card.measures}
    assert measures["blend"].low > measures["popularity"].high
    assert set(measures) == {"blend", "popularity", "recent_popularity"}
    assert (card.method, card.products, card.customers, card.gaps[0]) == (
        "blend",
        60,
        400,
        "Nothing was sold: best sellers are the products with which most is done.",
    )
    assert card.version.startswith("20260401T030000Z-")
    assert card.first_event < card.last_event < NOW


def test_neighbours_are_of_the_same_taste_and_none_is_a_product_itself(trained):
    model = trained.model
    for_you = model.neighbours[FOR_YOU]
    strongest = [model.directory[found.places[0]].category for found in for_you]
    assert np.mean([entry.category == other for entry, other in zip(model.directory, strongest, strict=True)]) > 0.9
    for surface in (FOR_YOU, VIEWED_ALSO_VIEWED):
        assert all(place not in found.places for place, found in enumerate(model.neighbours[surface]))
    assert not any(found.places for found in model.neighbours[BOUGHT_TOGETHER])


def test_the_same_seed_makes_the_same_model_and_no_customer_is_in_it(trained):
    again = train(SHOP, seed=7, now=NOW).model
    assert without_clock(again) == without_clock(trained.model)
    assert b"c:1" not in msgspec.json.encode(trained.model)


def test_a_card_says_how_much_is_asked_of_products_that_the_model_before_did_not_know(trained):
    assert trained.model.card.unknown_share is None  # there was none before
    card = train(SHOP, seed=7, now=NOW, in_use=InUse(trained.model, knows=lambda name: name >= "p15")).model.card
    newest = SHOP.activity.day >= SHOP.end_day - 7
    unknown = newest & (SHOP.activity.product < 15)
    assert card.unknown_share == pytest.approx(unknown.sum() / newest.sum())
    assert 0.2 < card.unknown_share < 0.3


def test_a_card_says_how_much_of_the_shop_anybody_would_be_shown_and_what_a_model_takes(trained):
    card = trained.model.card
    assert card.coverage == 1.0  # 60 products, 400 customers with two tastes
    assert [str(need) for need in card.needs] == [
        "14,400 of 2,000 events",
        "60 of 20 products",
        "400 of 200 customers with two products or more",
        "60 of 14 days",
    ]


def test_too_little_data_makes_lists_and_says_what_is_missing():
    data = shop_data(
        interactions=[{"visitor": "c:ann", "product_id": "cup", "event_type": "purchase"}],
        activity=[{"product_id": "cup", "units": 1.0, "orders": 1}],
    )
    found = train(data, seed=1, now=NOW)
    assert found.aside is None
    assert found.model.card.method == "popularity"
    assert found.model.card.gaps[0] == (
        "There is too little to learn from: 1 of 2,000 events; 1 of 20 products; 0 of 200 customers with two products"
        " or more; 1 of 14 days. Only lists are published."
    )
    (ranked,) = [ranked for ranked in found.model.lists if ranked.surface == BEST_SELLERS]
    assert (ranked.scope, ranked.places, ranked.scores) == (EVERYWHERE, (0,), (1.0,))
    assert found.model.neighbours == {}


def test_too_little_data_takes_no_blend_out_of_use(trained):
    data = shop_data(
        interactions=[{"visitor": "c:ann", "product_id": "cup", "event_type": "purchase"}],
        activity=[{"product_id": "cup", "units": 1.0, "orders": 1}],
    )
    found = train(data, seed=1, now=NOW, in_use=InUse(trained.model))
    assert found.model is None
    assert found.aside.card.gaps[0].startswith("Not in use: There is too little to learn from: 1 of 2,000 events")


def test_a_blend_that_does_not_beat_popularity_is_kept_aside_and_lists_are_published(monkeypatch):
    monkeypatch.setattr(training.measuring, "is_better", lambda *_, **__: False)
    found = train(SHOP, seed=7, now=NOW)
    assert found.aside.card.method == "blend"
    assert found.aside.card.gaps[0].startswith("Not in use: it does not beat popularity beyond chance (ndcg@10 0.")
    assert found.model.card.method == "popularity"
    assert found.model.card.gaps[0].startswith("Only lists are published: it does not beat popularity")
    assert found.model.card.measures == found.aside.card.measures
    assert found.model.card.version != found.aside.card.version


def test_where_a_blend_is_in_use_one_that_fails_changes_nothing(trained, monkeypatch):
    monkeypatch.setattr(training.measuring, "is_better", lambda *_, **__: False)
    found = train(SHOP, seed=7, now=NOW, in_use=InUse(trained.model))
    assert found.model is None
    assert found.aside.card.method == "blend"


def test_a_blend_that_is_worse_than_the_one_in_use_is_kept_aside(trained, monkeypatch):
    worst = Shares(0, 0, 0, 0, 1)  # the prior alone: the same for everybody
    monkeypatch.setattr(training.measuring, "best_shares", lambda *_: worst)
    monkeypatch.setattr(training._Training, "_refusal", beating_popularity(training._Training._refusal))
    found = train(SHOP, seed=7, now=NOW, in_use=InUse(trained.model))
    assert found.model is None
    assert found.aside.card.gaps[0].startswith(
        "Not in use: it is worse than the blend in use beyond chance (ndcg@10 0."
    )
    assert {measure.method for measure in found.aside.card.measures} >= {"blend", "blend in use"}


def test_the_blend_in_use_is_measured_as_it_was_learnt_and_not_as_blends_are_learnt_today(trained, monkeypatch):
    learnt = []
    learn = training.Blend.learn

    def noted(blend, *given, **more):
        learnt.append(blend.half_life_days)
        return learn(blend, *given, **more)

    monkeypatch.setattr(training.Blend, "learn", noted)
    card = trained.model.card
    train(SHOP, seed=7, now=NOW, in_use=InUse(trained.model))
    assert learnt == [15.0, 15.0, 15.0]  # to choose, to judge both at once, and of all days
    learnt.clear()
    other = msgspec.structs.replace(card, parameters={**card.parameters, "half_life_days": 3.0})
    train(SHOP, seed=7, now=NOW, in_use=InUse(msgspec.structs.replace(trained.model, card=other)))
    assert learnt == [15.0, 15.0, 3.0, 15.0]


def beating_popularity(refusal):
    """The rule, as if popularity were no use at all."""

    def without_popularity(self, values, newest, days):
        nothing = np.full(newest.customers, -1.0)
        return refusal(self, {**values, "popularity": nothing}, newest, days)

    return without_popularity


def test_one_as_good_as_the_one_in_use_takes_its_place(trained):
    found = train(SHOP, seed=7, now=NOW + timedelta(days=1), in_use=InUse(trained.model))
    assert found.model.card.method == "blend"
    measures = {measure.method: measure.value for measure in found.model.card.measures}
    assert measures["blend"] == measures["blend in use"]


def test_what_nobody_has_seen_for_long_explains_others_and_is_not_recommended():
    seen = np.where(np.arange(60) == 5, SHOP.end_day - 61, SHOP.end_day - 1)
    model = train(replace(SHOP, seen=seen), seed=7, now=NOW).model
    assert [entry.product_id for entry in model.directory if not entry.available] == ["p05"]
    assert all(5 not in ranked.places for ranked in model.lists)
    assert model.neighbours[FOR_YOU][5].places


def test_bounds_are_said_in_the_card(monkeypatch):
    monkeypatch.setattr(training, "EASE_PRODUCTS", 40)
    monkeypatch.setattr(training, "ALL_NEIGHBOURS", 60 * 40)
    gaps = train(replace(SHOP, share=0.4, left_out=12_345), seed=7, now=NOW).model.card.gaps
    assert gaps[:4] == (
        "Learnt from 40 % of the visitors, chosen by a hash of their ids: all have more than 20,000,000 interactions."
        " The lists for everybody count all of them.",
        "The oldest 12,345 of these interactions are left out.",
        "The regression knows the 40 products that most customers know; the other 20 have neighbours by co-occurrence"
        " and category alone.",
        "Each product keeps 40 neighbours instead of 100.",
    )


def test_the_newest_interactions_are_kept_where_there_are_too_many():
    rows = [
        {"visitor": f"c:{day}", "product_id": "cup", "day": TODAY - timedelta(days=day), "hour": 5} for day in range(5)
    ]
    data = shop_data(interactions=rows, most=2)
    assert (len(data.interactions), data.left_out, data.events) == (2, 3, 5)
    assert sorted(data.interactions.customers) == ["c:0", "c:1"]

"""Answers while an experiment runs: who is given which variant, and what it makes of the answer."""

from __future__ import annotations

import json

import msgspec
import pytest

from catalogue.errors import TakingsError
from pipeline.recommend.experiments.experiment import Experiment, Variant
from pipeline.recommend.models.model import Model, RankedList
from pipeline.recommend.serving.question import Question
from pipeline.recommend.serving.recommender import Recommender
from tests.support.experiments import customer_in, experiment
from tests.support.models import card
from tests.unit.pipeline.recommend.serving.shop import CHAIR, NOW, TEAPOT, Shop, ids, model
from tests.unit.pipeline.recommend.serving.test_service import ask as request
from tests.unit.pipeline.recommend.serving.test_service import service

OTHER = "20260301T040000Z-0000"
CONTROL = Variant(name="control", share=0.5)
TRENDING = experiment("trends", CONTROL, Variant(name="trending", share=0.5, surface="trending"), surfaces=("for_you",))
MODELS = experiment("models", CONTROL, Variant(name="challenger", share=0.5, model=OTHER))


@pytest.fixture
def shop() -> Shop:
    return Shop(versions={OTHER: challenger()})


def challenger() -> Model:
    changed = model(lists=(RankedList("best_sellers", "", (CHAIR, TEAPOT), (2.0, 1.0)),), neighbours={})
    return msgspec.structs.replace(changed, card=card(OTHER))


def given(shop: Shop, running: Experiment, variant: str) -> str:
    """A customer who is given a variant, and has viewed a mug."""
    shop.experiments = [running]
    customer = customer_in(running, variant)
    shop.did(customer, ("product_view", "mug"))
    return customer


def test_a_hold_out_is_shown_nothing_and_that_is_no_failure(shop: Shop):
    customer = given(shop, experiment("pays"), "holdout")
    answer = shop.ask(customer)
    assert (answer.served, answer.items, answer.note) == ("holdout", (), "")
    assert (answer.experiment, answer.variant, answer.surface) == ("pays", "holdout", "for_you")
    assert answer.model == model().card.version
    assert shop.asked == []  # the history is not read for nothing


def test_the_others_of_a_hold_out_are_answered_as_without_it(shop: Shop):
    customer = given(shop, experiment("pays"), "recommended")
    answer = shop.ask(customer)
    shop.experiments = []
    assert (answer.experiment, answer.variant) == ("pays", "recommended")
    assert msgspec.structs.replace(answer, experiment="", variant="") == shop.ask(customer)


def test_another_surface_is_served_where_a_variant_says_so(shop: Shop):
    customer = given(shop, TRENDING, "trending")
    answer = shop.ask(customer, n=1)
    assert (answer.surface, answer.served, ids(answer)) == ("for_you", "trending", ["gift"])
    assert (answer.experiment, answer.variant) == ("trends", "trending")


def test_the_control_gets_what_was_asked_for(shop: Shop):
    answer = shop.ask(given(shop, TRENDING, "control"), n=1)
    assert (answer.served, ids(answer), answer.variant) == ("for_you", ["teapot"], "control")


def test_a_surface_that_the_experiment_is_not_about_is_answered_as_ever(shop: Shop):
    answer = shop.ask(given(shop, TRENDING, "trending"), surface="best_sellers")
    assert (answer.served, answer.experiment, answer.variant) == ("best_sellers", "", "")


def test_another_version_answers_where_a_variant_says_so(shop: Shop):
    answer = shop.ask(given(shop, MODELS, "challenger"))
    assert (answer.model, answer.served, ids(answer)) == (OTHER, "best_sellers", ["chair", "teapot"])
    assert (answer.experiment, answer.variant) == ("models", "challenger")


@pytest.mark.parametrize("why", ["it is gone", "it cannot be read"])
def test_where_the_version_is_missing_the_model_in_use_answers_and_the_answer_says_which(shop: Shop, why: str):
    customer = given(shop, MODELS, "challenger")
    failures = list[TakingsError]()
    if why == "it is gone":
        shop.versions.clear()
    else:
        shop.down.add("versions")
    recommender = Recommender(shop, shop, shop, experiments=shop, now=lambda: NOW, failed=failures.append)
    answer = recommender.answer(Question(customer_id=customer))
    assert (answer.model, answer.served) == (model().card.version, "for_you")
    assert (answer.experiment, answer.variant) == ("models", "challenger")
    assert len(failures) == (why == "it cannot be read")


def test_the_version_in_use_is_not_read_as_another_one(shop: Shop):
    shop.down.add("versions")
    both = experiment("same", CONTROL, Variant(name="challenger", share=0.5, model=model().card.version))
    assert shop.ask(given(shop, both, "challenger")).served == "for_you"


@pytest.mark.parametrize("down", ["live", "customers"])
def test_a_history_that_cannot_be_read_leaves_the_customer_where_they_are(shop: Shop, down: str):
    customer = given(shop, experiment("pays"), "recommended")
    shop.down.add(down)
    answer = shop.ask(customer)
    assert (answer.served, bool(answer.note)) == ("best_sellers", True)
    # who may have refused takes part in nothing
    assert answer.variant == ("recommended" if down == "live" else "")


def test_who_refuses_takes_part_in_no_experiment(shop: Shop):
    customer = given(shop, experiment("pays"), "holdout")
    shop.opted_out.add(customer)
    answer = shop.ask(customer)
    assert (answer.served, answer.experiment, answer.variant, shop.asked) == ("best_sellers", "", "", [])


def test_a_visitor_whom_nobody_knows_takes_part_in_no_experiment(shop: Shop):
    shop.experiments = [experiment("pays", Variant(name="holdout", share=0.999, is_holdout=True), CONTROL)]
    answer = shop.ask(None)
    assert (answer.served, answer.experiment) == ("best_sellers", "")


def test_nothing_is_read_twice(shop: Shop):
    customer, reads = given(shop, MODELS, "challenger"), list[str]()

    class Counting:
        def __getattr__(self, name: str):
            reads.append(name)
            return getattr(shop, name)

    Recommender(*[Counting()] * 3, experiments=Counting()).answer(Question(customer_id=customer))
    assert sorted(reads) == ["concerning", "current", "read", "recent_items", "version"]


def test_popular_products_are_worked_out_once_for_each_model_that_answers(shop: Shop):
    shop.model = model(prior=(0.5,) * 10)
    shop.versions[OTHER] = msgspec.structs.replace(challenger(), prior=(0.5,) * 10)
    shop.experiments = [MODELS]
    recommender = shop.recommender()
    for variant in ("control", "challenger", "control", "challenger"):
        recommender.answer(Question(customer_id=customer_in(MODELS, variant)))
    assert list(recommender._popular) == [model().card.version, OTHER]


def test_the_popular_products_of_so_many_models_are_in_memory(shop: Shop):
    recommender = shop.recommender()
    for number in range(7):
        shop.model = msgspec.structs.replace(model(prior=(0.5,) * 10), card=card(f"v{number}"))
        recommender.answer(Question())
    assert list(recommender._popular) == ["v2", "v3", "v4", "v5", "v6"]


def test_over_http_a_hold_out_is_an_answer_without_products_that_names_the_experiment(shop: Shop):
    customer = given(shop, experiment("pays"), "holdout")
    asked = service(shop)
    answered = asked.answer(request(f"/v1/recommendations/{customer}"))
    assert json.loads(answered.response.body) == {
        "request_id": "r1",
        "surface": "for_you",
        "served": "holdout",
        "model": "20260302T040000Z-aaaa",
        "items": [],
        "customer_id": customer,
        "experiment": "pays",
        "variant": "holdout",
    }
    assert (answered.response.status, asked.counts()) == (200, {"http_200": 1, "served_holdout": 1})


def test_over_http_an_answer_without_an_experiment_does_not_mention_one(shop: Shop):
    body = json.loads(service(shop).answer(request()).response.body)
    assert {"experiment", "variant"} & body.keys() == set()

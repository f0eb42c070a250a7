"""What is served is what was measured: the scores of a published blend are those of the blend itself."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from pipeline.live.documents import Item
from pipeline.recommend.evaluation.served import as_served
from pipeline.recommend.interactions import Interactions
from pipeline.recommend.methods.blend import Blend
from pipeline.recommend.methods.item_to_item import neighbours_of
from pipeline.recommend.models.model import DirectoryEntry, Model
from pipeline.recommend.serving.question import Question
from pipeline.recommend.serving.recommender import Recommender
from tests.support.models import card
from tests.unit.pipeline.recommend.serving.shop import Shop

CUSTOMERS, PRODUCTS, EACH = 40, 30, 6
END = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def interactions() -> Interactions:
    numbers = random.Random(7)
    rows = []
    for customer in range(CUSTOMERS):
        taste = numbers.choice((0, 10, 20))
        for product in [*numbers.sample(range(taste, taste + 10), EACH - 1), numbers.randrange(PRODUCTS)]:
            rows.append((customer, product, int(END.timestamp()) - numbers.randrange(100 * 86_400)))
    rows.append((0, 0, int(END.timestamp())))
    customer, product, at = (np.array(column) for column in zip(*rows, strict=True))
    return Interactions(
        tuple(f"c{n}" for n in range(CUSTOMERS)),
        tuple(f"p{n}" for n in range(PRODUCTS)),
        customer.astype(np.int32),
        product.astype(np.int32),
        np.ones(len(rows), dtype=np.float32),
        at.astype(np.int64),
    )


@pytest.mark.parametrize("most_rounds", [8_000, 3 * EACH])
def test_the_answer_has_the_order_and_the_scores_of_what_was_measured(
    interactions: Interactions, most_rounds: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("pipeline.recommend.serving.scoring.ROUNDS", most_rounds)
    blend = Blend()
    fitted = blend.fit(interactions, seed=7)
    scores = as_served(fitted, PRODUCTS).scores(np.arange(CUSTOMERS, dtype=np.int32))
    assert fitted.prior is not None
    shop = Shop(
        Model(
            card(parameters=blend.parameters),
            directory=tuple(DirectoryEntry(name) for name in interactions.products),
            neighbours={"for_you": neighbours_of(fitted.kept(PRODUCTS))},
            prior=tuple(fitted.prior.tolist()),
            lists=(),
        )
    )
    served = 0
    for customer in range(CUSTOMERS):
        own = interactions.customer == customer
        seen = {
            interactions.products[product]: END - timedelta(seconds=END.timestamp() - int(at))
            for at, product in sorted(zip(interactions.at[own], interactions.product[own], strict=True))
        }
        shop.items["c"] = [Item(product, "purchase", at) for product, at in seen.items()]
        answer = Recommender(shop, shop, shop, now=lambda: END).answer(Question(customer_id="c", n=50))
        expected = {
            name: float(score)
            for name, score in zip(interactions.products, scores[customer], strict=True)
            if name not in seen and score > 1e-3
        }
        found = {item.product_id: item.score for item in answer.items if item.score > 1e-3}
        assert found == pytest.approx(expected, abs=2e-3)
        served += len(found)
    assert served > CUSTOMERS  # else nothing was compared

"""How long a reader of the table of recommendations waits where the table is throttled."""

from __future__ import annotations

from typing import Any

import pytest

from catalogue.errors import SourceError
from pipeline.handlers.recommendations import ATTEMPTS
from pipeline.recommend.models.dynamodb import DynamoDbItems
from tests.contracts.test_live_store import NOW


class Throttled:
    """A client of a table that leaves everything undone."""

    def __init__(self) -> None:
        self.calls = 0

    def batch_get_item(self, RequestItems: Any) -> Any:  # noqa: N803 - as the API has it
        self.calls += 1
        return {"Responses": {}, "UnprocessedKeys": RequestItems}


def test_an_answer_asks_once_more_and_does_not_wait_and_a_training_waits_three_seconds() -> None:
    waited: list[float] = []
    for tries, calls, seconds in ((ATTEMPTS, 2, 0.0), (8, 8, 3.15)):
        client = Throttled()
        items = DynamoDbItems(client, "recommendations", now=lambda: NOW, pause=waited.append, tries=tries)
        with pytest.raises(SourceError, match="table of recommendations is busy"):
            items.get_all([("a", "b")])
        assert (client.calls, sum(waited)) == (calls, pytest.approx(seconds))

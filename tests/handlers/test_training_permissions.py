"""What a training calls on the table of models is what its role allows, no more and no less."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import boto3
import msgspec
import pytest

from console.aws.permissions import RECOMMENDATIONS_TABLE
from console.aws.runners import RUNNERS
from pipeline.recommend.models.dynamodb import DynamoDbModelStore
from tests.handlers.conftest import REGION, Cloud
from tests.handlers.test_recommendations_handler import RECOMMENDATIONS, shop  # noqa: F401 - a fixture
from tests.support.iam import Recorder
from tests.support.models import model


@pytest.mark.usefixtures("shop")
def test_a_training_calls_what_its_role_allows(cloud: Cloud, recorded_actions: Recorder) -> None:
    """It reads the model in use, keeps one aside, publishes one, and deletes those that are superseded."""
    store = DynamoDbModelStore(boto3.Session(region_name=REGION).client("dynamodb"), RECOMMENDATIONS)
    for number in range(3):
        current = store.current()
        assert current is not None
        made = model()
        days = timedelta(days=number - 9)
        card = msgspec.structs.replace(made.card, version=f"later-{number}", trained_at=datetime.now(UTC) + days)
        later = msgspec.structs.replace(made, card=card)
        store.publish(later, after=current.card.version, current=number != 1)
    needed = RUNNERS["pipeline.jobs.train"]
    allowed = {action for need in needed if need.resource == RECOMMENDATIONS_TABLE for action in need.actions}
    assert recorded_actions.made == allowed

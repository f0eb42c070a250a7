"""Which IAM actions code really uses: every call that botocore is about to make, by an event hook.

A test asks for the fixture `recorded_actions`, **then** makes sessions and clients (those made before are not seen),
runs the adapter through everything it does, and compares::

    def test_the_calls_it_makes_are_the_actions_it_lists(recorded_actions):
        adapter = Adapter(boto3.client("ce"))
        …
        assert recorded_actions.made == permissions.actions_of("console.finops.billing.cost_explorer")
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import botocore.handlers

from console.aws.permissions import UNCHECKED, action_of


class Recorder:
    """The actions used so far, in `made`; what happens in `pausing` is the test's own."""

    def __init__(self) -> None:
        self.made: set[str] = set()
        self._paused = 0

    @contextmanager
    def pausing(self) -> Iterator[None]:
        """Calls made inside are not recorded."""
        self._paused += 1
        try:
            yield
        finally:
            self._paused -= 1

    def note(self, model: Any, params: Any, **_: Any) -> None:
        """See botocore's event ``before-call``. A transaction needs the actions of its items."""
        operations = [model.name]
        if model.name == "TransactWriteItems":
            items = json.loads(params["body"])["TransactItems"]
            operations = [
                {"ConditionCheck": "ConditionCheckItem"}.get(kind, f"{kind}Item") for item in items for kind in item
            ]
        actions = {action_of(model.service_model.signing_name, operation) for operation in operations}
        if not self._paused:
            self.made |= actions - UNCHECKED


@contextmanager
def recording() -> Iterator[Recorder]:
    """Every botocore session made inside tells what it calls."""
    recorder = Recorder()
    hook = ("before-call", recorder.note)
    botocore.handlers.BUILTIN_HANDLERS.append(hook)
    try:
        yield recorder
    finally:
        botocore.handlers.BUILTIN_HANDLERS.remove(hook)

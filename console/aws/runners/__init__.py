"""The exact permissions of whatever runs on AWS besides the console.

What a row says is in `console.aws.permissions`.
"""

from __future__ import annotations

from collections.abc import Mapping

from console.aws.permissions import Need
from console.aws.runners.functions import FUNCTIONS
from console.aws.runners.services import SERVICES

RUNNERS: Mapping[str, tuple[Need, ...]] = {**FUNCTIONS, **SERVICES}
"""What each role needs, by the module that runs with it, or by the service that has it."""


def actions_of_runner(runner: str) -> frozenset[str]:
    """The actions of the calls that a function or a job makes itself."""
    return frozenset(action for need in RUNNERS[runner] for action in need.actions)

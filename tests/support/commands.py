"""Commands of ``python -m pipeline`` as they are typed; what they raise is for the test to see."""

from __future__ import annotations

from catalogue.command_line import Commands
from pipeline.__main__ import COMMANDS


def call(*words: object) -> int:
    """Run one command; returns its exit code."""
    commands = Commands(COMMANDS, "")
    with commands.make_context("pipeline", [str(word) for word in words]) as context:
        return commands.invoke(context) or 0

"""``takings``: every command of the pipeline and of the console, and ``serve``."""

from __future__ import annotations

from collections.abc import Sequence

from catalogue.command_line import Commands, run
from console import __main__ as reading
from console import wiring
from pipeline import __main__ as writing

COMMANDS = {"serve": "takings.serve:serve", **writing.COMMANDS, **reading.COMMANDS}


def call(arguments: Sequence[str] | None) -> int:
    """Run one command; returns the exit code. A failure with a name is one line on stderr."""
    commands = Commands(COMMANDS, "What the shop took, what the cloud cost, and what is left.")
    return run(commands, arguments, name="takings", program="takings", given=wiring, stopped="stopped")

"""``python -m pipeline``: fill a lake and keep it curated."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from catalogue.command_line import Commands, run

COMMANDS = {
    "init": "pipeline.init:init",
    "import": "pipeline.importers.command:import_",
    "sample": "pipeline.sample.command:sample",
    "keys": "pipeline.collecting.command:keys",
    "erase": "pipeline.erasure.command:erase",
    "held": "pipeline.collecting.held_command:held",
    "traffic": "pipeline.traffic.command:traffic",
    "recommend": "pipeline.recommend.command:recommend",
    "curate": "pipeline.curate.command:curate",
    "status": "pipeline.curate.command:status",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code. A failure with a name is one line on stderr."""
    commands = Commands(COMMANDS, "From a click to the lake.")
    return run(commands, arguments, name="pipeline", stopped="stopped; the lake is as it was")


if __name__ == "__main__":
    sys.exit(main())

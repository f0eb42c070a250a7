"""The program ``takings``; says what to install where the package is there and the console's libraries are not."""

from __future__ import annotations

import sys
from collections.abc import Sequence

OURS = ("catalogue", "console", "pipeline", "takings")
BROKEN = 2  # exit code of a failure that is explained


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    try:
        from takings import commands
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in OURS:
            raise
        sys.stderr.write(
            f"takings: {error.name} is not installed: without its extra `console` the package is for curation on Spark."
            " Install `takings[console]`, such as the wheel with `[console]` behind its path.\n"
        )
        return BROKEN
    return commands.call(arguments)


if __name__ == "__main__":
    sys.exit(main())

"""A process that decides until it is killed, and says of each decision that `decide` returned for it."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from console.decisions import Decision
from console.decisions.embedded import EmbeddedDecisionStore


def main() -> None:
    """Arguments: the file, a name for this process, and how many decisions to take (0: until killed)."""
    path, name, limit = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    store = EmbeddedDecisionStore(path)
    for number in range(limit) if limit else count():
        now = datetime.now(UTC)
        store.decide(Decision("saving", f"{name}-{number}", "accepted", "", name, now))
        print(f"{name}-{number}", flush=True)  # noqa: T201 - what the test reads


if __name__ == "__main__":
    main()

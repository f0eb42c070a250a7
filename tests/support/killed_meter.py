"""A process that tells the meter of a lake of one call after the other, until it is killed.

``python tests/support/killed_meter.py LAKE RUN`` recovers what earlier ones left, then writes a line to stdout for
each call that the meter has taken: its id.
"""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from pathlib import Path

from console.metering import Call
from console.metering import buffered as metering
from console.metering.folder import FolderCalls
from console.metering.journal import FOLDER, Journal


def main(lake: Path, run: str) -> None:
    """Tell until killed."""
    metering.BATCH_CALLS = 40  # so that files are finished and journals go, many times in a life
    calls, journal = FolderCalls(lake), Journal(lake / FOLDER)
    journal.recover(calls)
    meter = metering.BufferedMeter(calls.keep, journal=journal, flush_seconds=0.002)
    for number in count():
        call_id = f"{run}-{number}"
        meter.record(
            Call(
                datetime.now(UTC), "ann", "Revenue", "query", "sales/by_region", "Athena", call_id, 0.5, 4, False,
                10**7, Decimal("0.00005"), Decimal(0),
            )
        )  # fmt: skip
        os.write(1, f"{call_id}\n".encode())


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])

"""Options that every command has. The only reader of the environment on the write side."""

from __future__ import annotations

import argparse
import os
from pathlib import Path


def add_lake(parser: argparse.ArgumentParser) -> None:
    """Add ``--lake DIR``: by default ``$TAKINGS_LAKE``, else ``./lake``."""
    parser.add_argument(
        "--lake",
        type=Path,
        metavar="DIR",
        default=Path(os.environ.get("TAKINGS_LAKE") or "lake"),
        help="lake folder (default: $TAKINGS_LAKE, else ./lake)",
    )

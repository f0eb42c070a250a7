"""Options that every command has. The only reader of the environment on the write side."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from catalogue.command_line import LAKE_HELP

DEFAULT_LAKE = Path("lake")
Lake = Annotated[
    Path,
    typer.Option("--lake", metavar="DIR", envvar="TAKINGS_LAKE", show_envvar=False, show_default=False, help=LAKE_HELP),
]

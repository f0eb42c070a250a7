"""``takings serve``: the console with its collector, on one lake that exists."""

from __future__ import annotations

import runpy
from typing import Annotated

import typer

from catalogue.project_files import project_file
from console import wiring
from console.asking.engines.duckdb import opened
from console.cli.options import Lake


def serve(
    lake: Lake = None,
    host: Annotated[str, typer.Option(help="address to listen on; the default is this machine only")] = "127.0.0.1",
    port: Annotated[int, typer.Option(metavar="N", min=1, max=65535)] = 8501,
) -> None:
    """Serve the pages and take events, until Ctrl-C.

    A lake that is missing is not made: `takings init` makes an empty one, `takings sample` one with a sample year.
    """
    profile = wiring.on_lake(lake)
    if profile.settings.aws is None:
        opened(profile.settings.lake)  # a wrong path is said here and not on a page
        typer.echo(f"Lake: {profile.settings.lake}", err=True)
    with wiring.using(profile):
        runpy.run_path(str(project_file("app.py")))["serve"](host, port)

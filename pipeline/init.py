"""``takings init``: an empty lake of one's own."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from catalogue.errors import LakeError
from pipeline.lake import SETTINGS, Lake, LakeSettings

_STANDARD = LakeSettings()


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="a folder that is new or empty")],
    currency: Annotated[
        str, typer.Option(metavar="CODE", help="what amounts are reported in, ISO 4217")
    ] = _STANDARD.reporting_currency,
    time_zone: Annotated[
        str, typer.Option(metavar="ZONE", help="where a day begins, such as Europe/London")
    ] = _STANDARD.reporting_time_zone,
) -> None:
    """Make an empty lake for events of your own.

    Sample data never comes into it by itself.
    """
    settings = LakeSettings(reporting_time_zone=time_zone, reporting_currency=currency)
    if (folder / SETTINGS).exists():
        raise LakeError(
            "There is a lake here already",
            where=str(folder.absolute()),
            remedy=f"Use it, or name another folder; its settings are in {SETTINGS}.",
        )
    lake = Lake.create(folder, settings)
    named = shlex.quote(str(folder))
    sys.stdout.write(
        f"Made an empty lake in {lake.root}: days in {time_zone}, amounts in {currency}.\n"
        "Next:\n"
        f"  takings import csv --example-map > mapping.toml            # say which column is which, then\n"
        f"  takings import csv FILE --map mapping.toml --lake {named}\n"
        f"  takings keys create SOURCE --lake {named}                  # or let a shop send events\n"
        f"  takings serve --lake {named}\n"
    )

"""``python -m pipeline held``: records whose amount is so large that a person decides."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from catalogue.command_line import group
from pipeline import options
from pipeline.lake import Lake

held = group(help="List and accept records beyond the lake's largest_amount.")


@held.command("list")
def list_held(lake: options.Lake = options.DEFAULT_LAKE) -> None:
    """List held records; those of the last minute may still be on their way."""
    from pipeline.collecting.held import held_records

    found = held_records(Lake.open(lake))
    if not found:
        sys.stdout.write("No record is held.\n")
    for record in found:
        state = "accepted" if record.is_accepted else "waits"
        sys.stdout.write(
            f"{record.id}  {record.received_at:%Y-%m-%d %H:%M} UTC  {state:<8}  {record.origin}: {record.detail}\n"
        )


@held.command()
def accept(
    ids: Annotated[list[str] | None, typer.Argument(metavar="ID", help="as `held list` shows it")] = None,
    every: Annotated[bool, typer.Option("--all", help="every record that waits")] = False,
    lake: options.Lake = options.DEFAULT_LAKE,
) -> None:
    """Take held records into the lake. Each is received once more, and accepted; curation brings it into the tables."""
    from pipeline.collecting.held import accept, held_records

    opened = Lake.open(lake)
    chosen = [record.id for record in held_records(opened) if not record.is_accepted] if every else list(ids or ())
    if not chosen and not every:
        raise typer.BadParameter("Name the records to accept, or say --all")
    events = accept(opened, chosen)
    sys.stdout.write(f"Accepted {events:,} {'event' if events == 1 else 'events'}.\n")

"""Options that several commands have, and the profile that a command works with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from catalogue.command_line import LAKE_HELP

if TYPE_CHECKING:
    from console.wiring import Profile

Lake = Annotated[str | None, typer.Option("--lake", metavar="DIR", help=LAKE_HELP)]
Format = Annotated[Literal["table", "json", "csv"], typer.Option("--format", help="how the answer is written")]
Start = Annotated[str | None, typer.Option("--start", metavar="DATE", help="first day, included")]
End = Annotated[str | None, typer.Option("--end", metavar="DATE", help="day after the last one, not included")]


def profile(context: typer.Context, lake: str | None = None) -> Profile:
    """The profile of this process, on the lake that ``--lake`` names."""
    wiring: Any = context.obj  # what `console.__main__` gives every command
    made: Profile = wiring.on_lake(lake)
    return made


def of_group(context: typer.Context, name: str) -> Any:
    """An option that was given before the name of an action."""
    assert context.parent is not None  # noqa: S101 - an action is always called by its group
    return context.parent.params[name]

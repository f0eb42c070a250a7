"""What both command lines share: commands that are imported when they are called, and failures in one line.

A command is a function with Typer options in its signature; its docstring is its help, and it returns the exit code.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperGroup

from catalogue.errors import TakingsError
from catalogue.safe_text import printable

if TYPE_CHECKING:
    from rich.progress import Progress, ProgressColumn

BROKEN = 2  # exit code for a failure that is explained, and for wrong options
STOPPED = 130  # as a shell reports a command that Ctrl-C stopped
LAKE_HELP = "lake folder (default: $TAKINGS_LAKE, else ./lake)"
_HELP = {"help_option_names": ["-h", "--help"]}


def group(**settings: Any) -> typer.Typer:
    """A Typer for a command with actions, with its texts shown as they are written."""
    return typer.Typer(
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings=_HELP,
        **settings,
    )


class Commands(TyperGroup):
    """Commands by name, each written as ``module:attribute``: a function, or a `group`."""

    def __init__(self, paths: Mapping[str, str], help: str) -> None:
        super().__init__(
            name="", help=help, rich_markup_mode=None, context_settings=_HELP, subcommand_metavar="COMMAND ..."
        )
        self._paths = paths

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - as Typer calls it
        """The names, as they are declared."""
        return list(self._paths)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002
        """One command, imported now; None where there is none."""
        if cmd_name not in self._paths:
            return None
        module, _, attribute = self._paths[cmd_name].partition(":")
        command = getattr(import_module(module), attribute)
        if not isinstance(command, typer.Typer):
            function, command = command, group()
            command.command(cmd_name)(function)
        return typer.main.get_command(command)


def run(
    commands: Commands,
    arguments: Sequence[str] | None,
    *,
    name: str,
    program: str = "",
    given: object = None,
    stopped: str = "",
) -> int:
    """Run one command; returns the exit code. Every failure with a name is one line on stderr.

    Parameters
    ----------
    name : of the package, such as ``console``; it begins the line
    program : how it is called (default: ``python -m`` and the name)
    given : what the commands find as ``context.obj``
    stopped : what to say when Ctrl-C ends the command
    """
    program = program or f"python -m {name}"
    try:
        called = commands.make_context(program, list(sys.argv[1:] if arguments is None else arguments), obj=given)
        with called as context:
            code = commands.invoke(context)
        sys.stdout.flush()
        return code or 0
    except typer.Exit as end:
        return end.exit_code
    except typer.TyperException as error:
        message = error.format_message().replace("Value error, ", "").rstrip(".")
        where = getattr(error, "ctx", None)
        help_of = where.command_path if where else program
        _explain(name, f"{message}. `{help_of} --help` lists the options.")
    except TakingsError as error:
        _explain(name, str(error))
    except BrokenPipeError:
        # the reader of our output, such as `head`, has seen enough: nothing is left to flush at exit either
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        if stopped:
            _explain(name, stopped)
        return STOPPED
    return BROKEN


def _explain(name: str, text: str) -> None:
    sys.stderr.write(f"{name}: {printable(text)}\n")


@contextmanager
def progress_bars(*columns: ProgressColumn) -> Iterator[Progress | None]:
    """Bars on stderr where that is a terminal; None elsewhere.

    `columns` are shown beside the name and the bar; the percentage and the time where none are named.
    """
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    shown = columns or (TaskProgressColumn(), TimeElapsedColumn())
    bars = Progress(TextColumn("{task.description}"), BarColumn(), *shown, console=Console(stderr=True), transient=True)
    with bars:
        yield bars

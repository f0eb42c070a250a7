"""``python -m pipeline``: fill a lake and keep it curated.

Commands: ``import``, ``sample``, ``keys``, ``traffic``, ``curate``, ``status``. All but ``traffic`` take ``--lake DIR``
(default ``$TAKINGS_LAKE``, else ``./lake``).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NoReturn

from catalogue.errors import TakingsError
from pipeline import options
from pipeline.collecting.command import add_keys_arguments, run_keys
from pipeline.importers.command import add_import_arguments, run_import
from pipeline.lake import Lake
from pipeline.sample.command import add_sample_arguments, run_sample
from pipeline.traffic.command import add_traffic_arguments, run_traffic

BROKEN = 2  # exit code for a failure that is explained, as argparse uses for wrong options


class _Parser(argparse.ArgumentParser):
    """Explains a wrong option in one line, as every other failure."""

    def error(self, message: str) -> NoReturn:
        self.exit(BROKEN, f"pipeline: {message}. `{self.prog} --help` lists the options.\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code. A named failure is one line on stderr."""
    parser = _Parser(prog="python -m pipeline", description="From a click to the lake.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    add_import_arguments(commands.add_parser("import", help="bring a file into the lake, all or nothing"))
    add_sample_arguments(commands.add_parser("sample", help="fill an empty lake with the sample year"))
    add_keys_arguments(commands.add_parser("keys", help="make, list, rotate and revoke the senders' write keys"))
    add_traffic_arguments(commands.add_parser("traffic", help="play the sample shop against a collector"))
    curating = commands.add_parser("curate", help="turn new raw records into curated tables")
    curating.add_argument("--full", action="store_true", help="make every table again from the raw files")
    status = commands.add_parser("status", help="account for every record of the lake")
    for each in (curating, status):
        options.add_lake(each)
    parsed = parser.parse_args(arguments)
    try:
        return _run(parsed)
    except TakingsError as error:
        print(f"pipeline: {error}", file=sys.stderr)
        return BROKEN
    except KeyboardInterrupt:
        print("pipeline: stopped; the lake is as it was", file=sys.stderr)
        return 130


def _run(parsed: argparse.Namespace) -> int:
    if parsed.command == "import":
        return run_import(parsed, curate=_curate)
    if parsed.command == "sample":
        run_sample(parsed, curate=_curate)
        return 0
    if parsed.command == "keys":
        return run_keys(parsed)
    if parsed.command == "traffic":
        return run_traffic(parsed)
    lake = Lake.open(parsed.lake)
    if parsed.command == "curate":
        _curate(lake, full=parsed.full)
        return 0
    return _status(lake)


def _curate(lake: Lake, *, full: bool = False) -> None:
    from pipeline.curate import curate

    with _progress() as progress:
        report = curate(lake, full=full, progress=progress)
    print(
        f"Curated {report.raw_files:,} raw files. In the lake: {report.received:,} records received"
        f" = {report.accepted:,} accepted + {report.duplicates:,} duplicates + {report.quarantined:,} quarantined."
    )


def _status(lake: Lake) -> int:
    from pipeline.curate.status import account

    report = account(lake)
    for line in report.lines():
        print(line)
    return 0 if report.holds else 1


@contextmanager
def _progress() -> Iterator[Callable[[str, float], None] | None]:
    """A bar on a terminal, nothing elsewhere."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task("Curating", total=1.0)
        yield lambda step, done: bars.update(task, description=step, completed=done)


if __name__ == "__main__":
    sys.exit(main())

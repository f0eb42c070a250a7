"""``python -m pipeline erase``: take a person out of the lake, and show that nothing names the person any more."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from catalogue.command_line import progress_bars
from catalogue.safe_text import printable
from pipeline import options
from pipeline.curate.step import Progress
from pipeline.erasure.identity import Person
from pipeline.erasure.scan import Place
from pipeline.lake import Lake

_Ids = list[str] | None


def erase(
    lake: options.Lake = options.DEFAULT_LAKE,
    customer: Annotated[_Ids, typer.Option(metavar="ID", help="customer id of the person")] = None,
    session: Annotated[_Ids, typer.Option(metavar="ID", help="session id of the person's device")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="say where the person is, and change nothing")] = False,
    check: Annotated[bool, typer.Option("--check", help="read the whole lake for these very ids")] = False,
    again: Annotated[bool, typer.Option("--again", help="repeat the erasures that a restored backup undid")] = False,
    erasures: Annotated[
        Path | None, typer.Option(metavar="FILE", help="the list of erasures to repeat (default: the lake's own)")
    ] = None,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="kept in the list of erasures")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="do not ask")] = False,
) -> int:
    """Replace a person's ids by random ones everywhere; every sum stays. Exit code 1: something names the person."""
    from pipeline.erasure import raw
    from pipeline.erasure.erase import erased_before, person_of
    from pipeline.erasure.manifest import FILE, Erasures
    from pipeline.erasure.scan import scan

    opened = Lake.open(lake)
    sys.stderr.write(f"Lake: {opened.root}\n")
    person: Person | None
    if again:
        person = erased_before(opened, Erasures.read(erasures or opened.root / FILE))
        if person is None:
            sys.stdout.write("Nobody who was erased is in the lake.\n")
            return 0
    else:
        person = person_of(opened, frozenset(customer or ()), frozenset(session or ()))
    if not check:
        person = person if not dry_run else raw.identify(opened, person).person
    with _bar("Scanning") as progress:
        places = scan(opened, person, progress)
    if check or dry_run:
        return _say(places) and check
    if not _found(places) and not again:
        _say(places)
        sys.stdout.write("Nothing in the lake names the person.\n")
        return 0
    _say(place for place in places if place.found)
    if not (yes or _is_confirmed()):
        raise typer.BadParameter("Say --yes to erase, or --dry-run to look only")
    return _erase(opened, person, reason)


def _erase(lake: Lake, person: Person, reason: str) -> int:
    from pipeline.erasure.erase import erase

    with _bar("Erasing") as progress:
        done = erase(lake, person, reason=reason, progress=progress)
    changed = ", ".join(f"{name} {count:,}" for name, count in done.records.items() if count)
    sys.stdout.write(f"\nErased: {changed or 'nothing'}; files of tables written: {sum(done.tables.values()):,}.\n")
    if done.shared:
        sys.stdout.write(f"Sessions that another customer used too, which are counted twice now: {done.shared:,}.\n")
    sys.stdout.write("The lake was read again:\n")
    return _say(done.places)


def _say(places: Iterable[Place]) -> int:
    """Print what was read; 1 where something names the person."""
    listed = list(places)
    for place in listed:
        alike = f", {place.alike:,} with a longer or another id of the same characters" if place.alike else ""
        sys.stdout.write(f"{printable(place.name):<42} {place.records:>12,} read, {place.found:,} found{alike}\n")
    found = _found(listed)
    sys.stdout.write(f"{found:,} records name the person.\n")
    return 1 if found else 0


def _found(places: Iterable[Place]) -> int:
    return sum(place.found for place in places)


def _is_confirmed() -> bool:
    return sys.stdin.isatty() and typer.confirm("Erase this person? It cannot be undone.", err=True)


@contextmanager
def _bar(name: str) -> Iterator[Progress | None]:
    with progress_bars() as bars:
        if bars is None:
            yield None
            return
        task = bars.add_task(name, total=1.0)
        yield lambda step, done: bars.update(task, description=step, completed=done)

"""Curates copies of a lake, interrupted before every change of the file system.

``python killed_curation.py LAKE FOLDER`` leaves one copy per interruption in FOLDER, named by the number of the change
it came before, and prints these names; the last one is the curation that ran to its end. One copy in twenty, and one in
six once the change is committed, was curated by a child process that SIGKILL ended there; the others were taken of one
curation, which waited while its files were copied.
"""

import itertools
import os
import shutil
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from catalogue.queries import load_curation
from pipeline.curate import curate
from pipeline.lake import Lake


def before_changes(act: Callable[[int], None]) -> None:
    """Call `act` with its number right before each change of the file system; one change at a time."""
    turn = threading.RLock()
    numbers = itertools.count()

    def watched(original: Callable[..., Any]) -> Callable[..., Any]:
        def change(*arguments: Any, **options: Any) -> Any:
            with turn:
                act(next(numbers))
                return original(*arguments, **options)

        return change

    for name in ("replace", "unlink", "mkdir", "write_text"):
        setattr(Path, name, watched(getattr(Path, name)))
    shutil.rmtree = watched(shutil.rmtree)
    pq.write_table = watched(pq.write_table)


def is_killed_at(change: int, lake: Path) -> bool:
    """Curate in a child process that dies before this change; False where the curation ended before."""
    child = os.fork()
    if child == 0:
        before_changes(lambda number: os.kill(os.getpid(), signal.SIGKILL) if number == change else None)
        curate(Lake.open(lake))
        os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def main(lake: Path, folder: Path) -> list[int]:
    load_curation()  # read once, here; no database is opened before the last child ended, so that it may fork
    version = Lake.open(lake).state()["version"]
    change = 0
    while is_killed_at(change, shutil.copytree(lake, folder / str(change))):
        left = Lake.open(folder / str(change))
        change += 20 if left.is_settled and left.state()["version"] == version else 6

    watched, copied = Path(shutil.copytree(lake, folder / "watched")), []

    def copy(number: int) -> None:
        copied.append(number)
        if not (folder / str(number)).exists():
            shutil.copytree(watched, folder / str(number))

    before_changes(copy)
    curate(Lake.open(watched))
    copy(len(copied))
    return copied


if __name__ == "__main__":
    sys.stdout.write(" ".join(map(str, main(Path(sys.argv[1]), Path(sys.argv[2])))))

"""Curates copies of a lake, or erases the customer c1, interrupted before every change of the file system.

``python killed_curation.py LAKE FOLDER [erase]`` leaves one copy per interruption in FOLDER, named by the number of the
change it came before, and prints these names; the last one is the act that ran to its end. One copy in twenty, and one
in six once the change is committed, is of a child process that SIGKILL ended there; the others were taken of one act,
which waited while its files were copied.
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
from pipeline.erasure.erase import erase, person_of
from pipeline.lake import Lake

ACTS: dict[str, Callable[[Lake], object]] = {
    "curate": curate,
    "erase": lambda lake: erase(lake, person_of(lake, frozenset(["c1"]))),
}


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


def is_killed_at(change: int, lake: Path, act: Callable[[Lake], object]) -> bool:
    """Act in a child process that dies before this change; False where the act ended before."""
    child = os.fork()
    if child == 0:
        before_changes(lambda number: os.kill(os.getpid(), signal.SIGKILL) if number == change else None)
        act(Lake.open(lake))
        os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def main(lake: Path, folder: Path, act: Callable[[Lake], object]) -> list[int]:
    load_curation()  # read once, here; no database is opened before the last child ended, so that it may fork
    version = Lake.open(lake).state()["version"]
    change = 0
    while is_killed_at(change, shutil.copytree(lake, folder / str(change)), act):
        left = Lake.open(folder / str(change))
        change += 20 if left.is_settled and left.state()["version"] == version else 6

    watched, copied = Path(shutil.copytree(lake, folder / "watched")), []

    def copy(number: int) -> None:
        copied.append(number)
        if not (folder / str(number)).exists():
            shutil.copytree(watched, folder / str(number))

    before_changes(copy)
    act(Lake.open(watched))
    copy(len(copied))
    return copied


if __name__ == "__main__":
    sys.stdout.write(" ".join(map(str, main(Path(sys.argv[1]), Path(sys.argv[2]), ACTS[(*sys.argv, "curate")[3]]))))

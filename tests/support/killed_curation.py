"""Curates copies of a lake in child processes, each killed at another file operation.

``python killed_curation.py LAKE FOLDER`` leaves one copy a child in FOLDER, named by the operation it was killed at,
and prints these names; the last one is the curation that ran to its end. While files are only written aside, one
operation in four is tried; once the change is committed, every second one.
"""

import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from catalogue.queries import load_curation
from pipeline.curate import curate
from pipeline.lake import Lake


def kill_at(operation: int) -> None:
    """Let this process die by SIGKILL right before its n-th change of the file system."""
    done = 0

    def counted(original: Callable[..., Any]) -> Callable[..., Any]:
        def change(*arguments: Any, **options: Any) -> Any:
            nonlocal done
            if done == operation:
                os.kill(os.getpid(), signal.SIGKILL)
            done += 1
            return original(*arguments, **options)

        return change

    for name in ("replace", "unlink", "mkdir", "write_text"):
        setattr(Path, name, counted(getattr(Path, name)))
    shutil.rmtree = counted(shutil.rmtree)
    pq.write_table = counted(pq.write_table)


def main(lake: Path, folder: Path) -> list[int]:
    load_curation()  # read once, here; no database is opened in this process, so that it may fork
    version = Lake.open(lake).state()["version"]
    tried: list[int] = []
    operation, signaled = 0, True
    while signaled:
        copy = folder / str(operation)
        shutil.copytree(lake, copy)
        child = os.fork()
        if child == 0:
            kill_at(operation)
            curate(Lake.open(copy))
            os._exit(0)
        signaled = os.WIFSIGNALED(os.waitpid(child, 0)[1])
        tried.append(operation)
        left = Lake.open(copy)
        operation += 4 if left.is_settled and left.state()["version"] == version else 2
    return tried


if __name__ == "__main__":
    sys.stdout.write(" ".join(map(str, main(Path(sys.argv[1]), Path(sys.argv[2])))))

"""Curates copies of a lake in child processes, each killed at another file operation.

``python killed_curation.py LAKE FOLDER`` leaves ``FOLDER/0``, ``FOLDER/1``, … and prints how many there are: the last one
is the curation that ran to its end.
"""

import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from console.catalogue import load_curation
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


def main(lake: Path, folder: Path) -> int:
    load_curation()  # read once, here; no database is opened in this process, so that it may fork
    operation = 0
    while True:
        copy = folder / str(operation)
        shutil.copytree(lake, copy)
        child = os.fork()
        if child == 0:
            kill_at(operation)
            curate(Lake.open(copy))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        operation += 1
        if not os.WIFSIGNALED(status):
            return operation if status == 0 else 0


if __name__ == "__main__":
    sys.stdout.write(str(main(Path(sys.argv[1]), Path(sys.argv[2]))))

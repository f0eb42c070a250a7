"""Failures of Spark over raw files as our own errors, which name the file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from pipeline.raw.files import unreadable_file


@contextmanager
def parquet_failures(place: str) -> Iterator[None]:
    """Raise what Spark says of a Parquet file of the lake at `place` as a CurationError; other failures travel up."""
    from py4j.protocol import Py4JJavaError

    try:
        yield
    except Py4JJavaError as error:
        why = str(error.java_exception)
        named = re.search(r"raw/\S+?(?:\.parquet|(?=\.?(?:\s|$)))", why)
        if named is None:
            raise
        raise unreadable_file(f"{place}/{named[0]}", "it is no Parquet file of these columns") from error

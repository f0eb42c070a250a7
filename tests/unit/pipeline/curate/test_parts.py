"""Which files of a folder are written again."""

from itertools import islice
from pathlib import Path

from pipeline.curate.parts import LARGEST, free_names, joined

BIG, MIDDLE, LITTLE = Path("big"), Path("middle"), Path("little")
ROWS = {BIG: 60_000, MIDDLE: 9_000, LITTLE: 100}


def test_new_rows_join_small_files_and_those_that_they_are_a_share_of():
    assert joined(ROWS, (), 10) == {LITTLE}
    assert joined(ROWS, (), 1_000) == {LITTLE}
    assert joined(ROWS, (), 2_000) == {LITTLE, MIDDLE}


def test_a_file_never_grows_beyond_the_largest():
    assert joined(ROWS, (), LARGEST - 5_000) == {LITTLE}
    assert joined(ROWS, (), LARGEST - 50) == set()


def test_a_changed_file_is_written_again_and_where_nothing_comes_nothing_joins():
    assert joined(ROWS, {BIG}, 0) == {BIG, LITTLE}
    assert joined(ROWS, (), 0) == set()


def test_names_fill_the_gaps():
    names = free_names({"part-00001.parquet"})
    assert list(islice(names, 2)) == ["data.parquet", "part-00002.parquet"]

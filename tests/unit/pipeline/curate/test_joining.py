"""Many small raw files become a few to read, with every line as it was."""

from __future__ import annotations

import gzip
from pathlib import Path

import pyarrow as pa
import pytest

from catalogue.errors import CurationError
from pipeline.curate import joining
from pipeline.curate.joining import joined

CONTENTS = {
    "a.jsonl": b'{"a":1}\n{"a":2}\n',
    "b.jsonl": b'{"b":1}',  # without an end of line
    "c.jsonl": b"",
    "d.jsonl.gz": gzip.compress(b'{"d":1}\n') + gzip.compress(b'{"d":2}\n'),
    "e.jsonl.zst": pa.compress(b'{"e":1}\n{"e":2', "zstd", asbytes=True),
}


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    for name, content in CONTENTS.items():
        (tmp_path / name).write_bytes(content)
    return [tmp_path / name for name in CONTENTS]


def test_every_line_is_in_one_joined_file_and_in_a_line_of_its_own(files: list[Path], tmp_path: Path) -> None:
    (place,) = (found := joined(files, tmp_path / "joined"))
    assert found == {place: files}
    lines = [b'{"a":1}', b'{"a":2}', b'{"b":1}', b'{"d":1}', b'{"d":2}', b'{"e":1}', b'{"e":2']
    assert place.read_bytes() == b"\n".join(lines) + b"\n"


def test_large_files_and_a_lone_small_one_are_read_where_they_are(files: list[Path], tmp_path: Path) -> None:
    large = tmp_path / "large.jsonl"
    large.write_bytes(b"x" * joining.SMALL_BYTES)
    assert joined([large, files[0]], tmp_path / "joined") == {large: [large], files[0]: [files[0]]}
    assert not (tmp_path / "joined").exists()
    found = joined([large, *files], tmp_path / "joined")
    assert found.pop(large) == [large]
    assert list(found.values()) == [files]


def test_a_joined_file_is_followed_by_another_when_it_is_full(
    files: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(joining, "_JOINED_BYTES", 20)
    assert list(joined(files, tmp_path / "joined").values()) == [files[:2], files[2:]]


@pytest.mark.parametrize("content", [b"", gzip.compress(b"{}\n")[:-4], gzip.compress(b"{}\n") + b"\1\2\3"])
def test_a_file_that_breaks_off_is_refused_by_name(files: list[Path], tmp_path: Path, content: bytes) -> None:
    (tmp_path / "torn.jsonl.gz").write_bytes(content)
    with pytest.raises(CurationError, match=r"torn\.jsonl\.gz"):
        joined([*files, tmp_path / "torn.jsonl.gz"], tmp_path / "joined")

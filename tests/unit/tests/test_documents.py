"""What documents link to is there: files beside them, and the headings that a link names."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.paths import ROOT

DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\]\((?P<file>[^)#\s:]*)(?:#(?P<heading>[^)\s]*))?\)")


def anchors(document: Path) -> set[str]:
    """The headings of a document as links name them."""
    titles = re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_to_a_file_and_a_heading_that_are_there(document: Path) -> None:
    for link in LINK.finditer(document.read_text(encoding="utf-8")):
        target = (document.parent / link["file"]).resolve() if link["file"] else document
        assert target.exists(), link[0]
        if link["heading"] and target.suffix == ".md":
            assert link["heading"] in anchors(target), link[0]


def test_links_are_found() -> None:
    assert [link["file"] for link in LINK.finditer("see [a](b.md) and [c](#d), not [e](https://f)")] == ["b.md", ""]

"""``python -m console.definitions.documents``: write (``--check``: compare) the pages of `docs/` made from the code."""

from __future__ import annotations

import sys
from pathlib import Path

from console.definitions.answer import as_markdown

METRICS = Path(__file__).resolve().parents[2] / "docs" / "metrics.md"


def main() -> int:
    """Returns 1 where a page is out of date and only compared."""
    text = as_markdown()
    if "--check" in sys.argv[1:]:
        if METRICS.exists() and METRICS.read_text(encoding="utf-8") == text:
            return 0
        sys.stderr.write("docs/metrics.md is out of date: run `make docs`.\n")
        return 1
    METRICS.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

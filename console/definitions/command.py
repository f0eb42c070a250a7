"""``definitions``: what the words mean, without a browser."""

from __future__ import annotations

import sys


def definitions() -> None:
    """Print what the words mean, as Markdown."""
    from console.definitions.answer import as_markdown

    sys.stdout.write(as_markdown())

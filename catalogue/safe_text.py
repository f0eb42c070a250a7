"""Text that came from outside, made safe for the program that shows it: a spreadsheet, or a terminal.

Names of products, campaigns and readers are whatever a sender wrote.
"""

from __future__ import annotations

import re

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
# controls (ESC among them), separators of lines, marks that turn the direction of what follows, halves of characters
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def guarded(text: str) -> str:
    """The text, with an apostrophe in front where a spreadsheet would run it as a formula (OWASP, "CSV Injection")."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def printable(text: str) -> str:
    """The text in one line that commands nothing of a terminal: a new line is written ``\\n``, an escape ``\\x1b``."""
    return _UNPRINTABLE.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)

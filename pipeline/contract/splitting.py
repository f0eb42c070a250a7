"""Takes JSON apart that no decoder reads as a whole, so that one wrong element does not cost the others (pure).

An element may be anything between two commas: no JSON, no UTF-8, nested without end. Strings and brackets are all that
is understood of it.
"""

from __future__ import annotations

import json
import re

SPACE = b" \t\r\n"
# A string, closed or not, or a sign. Possessive: whatever the bytes are, each is looked at once.
_TOKENS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[\]{},]', re.DOTALL)
_MEMBER = re.compile(rb'[ \t\r\n]*+("[^"\\]*+(?:\\.[^"\\]*+)*+")[ \t\r\n]*+:(.*+)', re.DOTALL)


def split(text: bytes, most: int) -> list[bytes]:
    """The bytes of each element of an array, or of each member of an object; what follows it is one more.

    Parameters
    ----------
    text : begins with ``[`` or ``{``, after spaces
    most : at most one more than this is returned, which shows that there are too many
    """
    parts: list[bytes] = []
    depth, start, end = 0, len(text) - len(text.lstrip(SPACE)) + 1, len(text)
    for token in _TOKENS.finditer(text):
        sign = token.group()
        if sign in (b"[", b"{"):
            depth += 1
        elif sign in (b"]", b"}"):
            depth -= 1
        elif sign == b"," and depth == 1:
            parts.append(text[start : token.start()].strip(SPACE))
            start = token.end()
        if depth == 0 or len(parts) > most:
            end = token.start() if depth == 0 else end
            break
    parts.append(text[start:end].strip(SPACE))
    rest = text[end + 1 :].strip(SPACE)
    return [part for part in (*parts, rest) if part][: most + 1]


def split_members(text: bytes, most: int) -> dict[str, bytes]:
    """The members of an object: names to the bytes of their values; what is no member is left out."""
    members: dict[str, bytes] = {}
    for part in split(text, most):
        member = _MEMBER.fullmatch(part)
        if member is not None:
            try:
                members[json.loads(member[1])] = member[2].strip(SPACE)
            except ValueError:  # no UTF-8, or an escape that is none: no name that anybody asks for
                continue
    return members

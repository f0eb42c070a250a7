"""Where PostgreSQL and Redshift differ, and what makes PostgreSQL answer as Redshift would. Pure: it is documented too.

Only what is PostgreSQL's difference stands here; SQL that Redshift itself would refuse must fail. Functions that
Redshift has and PostgreSQL has not are in `redshift_functions.sql`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

FUNCTIONS = Path(__file__).with_name("redshift_functions.sql")


@dataclass(frozen=True)
class Rewrite:
    """A piece of Redshift's syntax that PostgreSQL cannot parse, what it is given instead, and why."""

    written: str
    pattern: re.Pattern[str]
    given: str
    reason: str


REWRITES = (
    Rewrite(
        "dateadd(month, …), datediff(day, …)",
        re.compile(r"\b(DATEADD|DATEDIFF)\(\s*([A-Z]+)\s*,", re.I),
        r"\1('\2',",
        "a bare date part is no value in PostgreSQL; our functions take it as a text",
    ),
    Rewrite(
        "varchar(max)", re.compile(r"\bVARCHAR\(MAX\)", re.I), "VARCHAR", "PostgreSQL's text has no longest length"
    ),
    Rewrite(
        "approximate count(distinct …)",
        re.compile(r"\bAPPROXIMATE\s+COUNT\(", re.I),
        "COUNT(",
        "PostgreSQL counts exactly; the approximation itself is not proven here",
    ),
    Rewrite(
        "diststyle auto compound sortkey (…)",
        re.compile(r"\bDISTSTYLE AUTO COMPOUND SORTKEY \([^)]*\)", re.I),
        "",
        "PostgreSQL keeps a table on one node and in no order",
    ),
    Rewrite("varbyte(…)", re.compile(r"\bVARBYTE\(\d+\)", re.I), "BYTEA", "PostgreSQL's name for it"),
    Rewrite("grant … to role …", re.compile(r"\bTO ROLE\b", re.I), "TO", "PostgreSQL has no users beside roles"),
    Rewrite(
        "svv_roles",
        re.compile(r"\bSVV_ROLES\b", re.I),
        "(SELECT rolname AS role_name FROM pg_roles) AS svv_roles",
        "Redshift's list of roles",
    ),
)
# Settings of each connection.
SETTINGS = {
    "standard_conforming_strings=off": "a backslash in a text is an escape in Redshift, as it was in PostgreSQL 8",
    "escape_string_warning=off": "and PostgreSQL would warn of each",
    "backslash_quote=on": "and a quote may be written with one",
    "default_transaction_read_only=on": "a question changes nothing; a batch is a transaction that says it writes",
}
AS_REDSHIFT = " ".join(f"-c {setting}" for setting in SETTINGS)
_TEXT = re.compile(r"('(?:[^'\\]|\\.|'')*')", re.S)  # a quoted text: what stands in it is never changed
_FUNCTION = re.compile(r"^-- (?P<reason>.+)\ncreate function (?P<name>\w+)\(", re.M)


def spoken(sql: str) -> str:
    """A Redshift statement as PostgreSQL reads it."""
    parts = _TEXT.split(sql)
    for number in range(0, len(parts), 2):
        for rewrite in REWRITES:
            parts[number] = rewrite.pattern.sub(rewrite.given, parts[number])
    return "".join(parts)


def functions() -> dict[str, str]:
    """The functions that PostgreSQL is given, each with its reason."""
    found = _FUNCTION.finditer(FUNCTIONS.read_text(encoding="utf-8"))
    return {match["name"]: match["reason"] for match in found}

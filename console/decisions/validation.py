"""The rules that every decision store checks before it keeps a decision, and how instants are written."""

from __future__ import annotations

from datetime import UTC, datetime

from catalogue.errors import BindingError
from console.decisions import Decision

MOST_KEY_BYTES = 768  # with its instant, a key has to fit DynamoDB's sort key of 1,024 bytes
MOST_NOTE = 4000  # characters: a reason, not a report
OPEN = "open"


def check(decision: Decision) -> None:
    """Refuse a decision that a store could not return unchanged.

    Raises
    ------
    BindingError
        A part is empty, too long, no text that can be written, or an instant without offset.
    """
    for name in ("kind", "key", "verdict"):
        if not getattr(decision, name):
            raise _refused(f"A decision without a {name} cannot be kept", f"Give the {name}.")
    for name in ("kind", "key", "verdict", "note", "decided_by"):
        try:
            size = len(getattr(decision, name).encode("utf-8"))
        except UnicodeEncodeError as error:
            raise _refused(f"The {name} of a decision holds half a character", "Type it again.") from error
        if name in ("kind", "key") and size > MOST_KEY_BYTES:
            raise _refused(f"The {name} of a decision is {size} bytes long", f"At most {MOST_KEY_BYTES} are kept.")
    if len(decision.note) > MOST_NOTE:
        raise _refused(f"The note is {len(decision.note):,} characters long", f"Shorten it to {MOST_NOTE:,}.")
    if decision.decided_at.tzinfo is None:
        raise _refused("A decision without an offset in its time cannot be kept", "Give the instant in UTC.")


def instant(decision: Decision) -> str:
    """The time of a decision in UTC, as text that sorts by time."""
    return decision.decided_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def read_instant(text: str) -> datetime:
    """The instant that `instant` wrote."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)


def _refused(what: str, remedy: str) -> BindingError:
    return BindingError(what, where="decision", remedy=remedy)

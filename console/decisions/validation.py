"""What decision stores share: the rules that they check before they keep a decision, and how it is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

from catalogue.errors import BindingError
from console.decisions import Decision

MOST_KEY_BYTES = 768  # with its instant, a key has to fit DynamoDB's sort key of 1,024 bytes
MOST_NOTE = 4000  # characters: a reason, not a report
OPEN = "open"
FIELDS = tuple(field.name for field in fields(Decision))
_INSTANT = "%Y-%m-%dT%H:%M:%S.%fZ"


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


def as_texts(decision: Decision) -> dict[str, str]:
    """The fields of a decision by name; its time in UTC, as text that sorts by time."""
    return vars(decision) | {"decided_at": decision.decided_at.astimezone(UTC).strftime(_INSTANT)}


def from_texts(texts: Mapping[str, str]) -> Decision:
    """The decision that `as_texts` wrote; raises KeyError or ValueError where it is damaged."""
    parts: dict[str, Any] = {name: texts[name] for name in FIELDS}
    parts["decided_at"] = datetime.strptime(texts["decided_at"], _INSTANT).replace(tzinfo=UTC)
    return Decision(**parts)


def latest(decisions: Iterable[Decision]) -> dict[str, Decision]:
    """The last of these decisions by key; one that was undone is left out."""
    last = {decision.key: decision for decision in decisions}
    return {key: decision for key, decision in last.items() if decision.verdict != OPEN}


def _refused(what: str, remedy: str) -> BindingError:
    return BindingError(what, where="decision", remedy=remedy)

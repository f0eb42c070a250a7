"""What an erasure in a bucket is about to do, kept beside the lake until it is done.

::

    erasing.json    which ids it was called with, every id of the person, and the pseudonym of each

A job that was killed is called again, and goes on with the same pseudonyms: an event of the person that is already
rewritten does not show any more whose session it was. The object holds what the raw files hold; it is removed, with its
former versions, as soon as they do not hold it any more.
"""

from __future__ import annotations

import hmac
import json
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from catalogue.errors import LakeError, SettingsError
from pipeline.erasure.identity import Person, Pseudonyms
from pipeline.erasure.lines import Eraser
from pipeline.objects import Objects

FILE = "erasing.json"
_KEY_BYTES = 32


class _Requests(dict[str, str]):
    """Pseudonyms of recommendation requests: the same on every worker, by a random key that goes with the plan."""

    def __init__(self, key: bytes) -> None:
        super().__init__()
        self.key = key

    def setdefault(self, name: str, _default: str = "") -> str:
        """The pseudonym of a request."""
        return f"erased-{hmac.digest(self.key, name.encode('utf-8', 'surrogatepass'), 'sha256').hex()[:32]}"

    def __reduce__(self) -> tuple[Any, ...]:
        return _Requests, (self.key,)


@dataclass(frozen=True)
class Plan:
    """One erasure.

    Attributes
    ----------
    asked : the ids it was called with
    person : with the anonymous ids that were linked to them
    eraser : with every id of the person, and what takes its place
    until : raw objects written later are left alone: they may have ids that are not in the plan
    """

    asked: Person
    person: Person
    eraser: Eraser
    until: datetime


def planned(asked: Person, person: Person, eraser: Eraser, until: datetime) -> Plan:
    """A plan whose pseudonyms are the same wherever it is read."""
    found = eraser.pseudonyms
    requests = _Requests(secrets.token_bytes(_KEY_BYTES))
    return Plan(
        asked, person, Eraser(eraser.person, Pseudonyms(found.customers, found.sessions, requests, found.shared)), until
    )


def save(objects: Objects, plan: Plan) -> None:
    """Keep a plan; raises LakeError where another erasure has begun meanwhile."""
    found = plan.eraser.pseudonyms
    requests = found.requests
    content = {
        "asked": _listed(plan.asked),
        "person": _listed(plan.person),
        "erased": _listed(plan.eraser.person),
        "customers": found.customers,
        "sessions": [[*session, pseudonym] for session, pseudonym in found.sessions.items()],
        "shared": sorted(found.shared),
        "until": plan.until.isoformat(),
        "requests_key": requests.key.hex() if isinstance(requests, _Requests) else "",
    }
    if not objects.replace(FILE, json.dumps(content).encode(), tag=None):
        raise LakeError(
            "Another erasure has begun", where=f"{objects.place}/{FILE}", remedy="Let one job run at a time."
        )


def unfinished(objects: Objects, asked: Person) -> Plan | None:
    """The plan of a job that was killed; None where there is none.

    Raises
    ------
    SettingsError
        It is for other ids.
    LakeError
        It cannot be read.
    """
    stored = objects.stored(FILE)
    if stored is None:
        return None
    try:
        content = json.loads(stored.content)
        sessions = {(namespace, name): pseudonym for namespace, name, pseudonym in content["sessions"]}
        shared = {(namespace, name) for namespace, name in content["shared"]}
        requests = _Requests(bytes.fromhex(content["requests_key"]))
        pseudonyms = Pseudonyms(dict(content["customers"]), sessions, requests, shared)
        until = datetime.fromisoformat(content["until"])
        asked_then, person, erased = (_person(content[name]) for name in ("asked", "person", "erased"))
    except (ValueError, KeyError, TypeError) as error:
        raise LakeError(
            f"The plan of an unfinished erasure cannot be read: {error!r}",
            where=f"{objects.place}/{FILE}",
            remedy="Take back its last version.",
        ) from error
    if asked_then != asked:
        raise SettingsError(
            "An erasure of other ids is not finished",
            where=f"{objects.place}/{FILE}",
            remedy="Call the job with the ids that it lists under `asked` first.",
        )
    return Plan(asked, person, Eraser(erased, pseudonyms), until)


def _listed(person: Person) -> dict[str, Any]:
    return {
        "customers": sorted(person.customers),
        "sessions": sorted(person.sessions),
        "named_sessions": sorted(person.named_sessions),
    }


def _person(listed: dict[str, Any]) -> Person:
    sessions = frozenset((namespace, name) for namespace, name in listed["sessions"])
    return Person(frozenset(listed["customers"]), sessions, frozenset(listed["named_sessions"]))

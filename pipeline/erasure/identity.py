"""Which values and which bytes name a person (pure).

Where there are fields, a value names a person when it is equal to an id. Where there are only bytes, as in a record
that was refused, an id names the person where it is a word of its own: `c1` is not in `c12`, nor in `c1-4`.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import quote

from pipeline.recommend.customers.keys import digest_of, history_key

Session = tuple[str, str]  # namespace and session id

_PART = rb"[A-Za-z0-9_\x80-\xff]"  # of a word; a dot or a hyphen is one between two of them
_BEFORE = rb"(?:(?<!%b)(?<!%b[.\-])|(?<=\\[nrt])|(?<=%%[0-9A-Fa-f]{2}))" % (_PART, _PART)
_AFTER = rb"(?!%b)(?![.\-]%b)" % (_PART, _PART)


@dataclass(frozen=True)
class Person:
    """The ids of one person, or of several that are erased together.

    Attributes
    ----------
    customers : customer ids, with the anonymous ids that were linked to them
    sessions : session ids, each within its namespace
    named_sessions : session ids in whatever namespace
    """

    customers: frozenset[str]
    sessions: frozenset[Session] = frozenset()
    named_sessions: frozenset[str] = frozenset()

    def is_customer(self, value: str | None) -> bool:
        """Whether a customer id is the person's."""
        return value in self.customers

    def is_session(self, namespace: str, value: str | None) -> bool:
        """Whether a session id is the person's."""
        return value is not None and (value in self.named_sessions or (namespace, value) in self.sessions)

    def is_visitor(self, value: str) -> bool:
        """Whether a visitor or a session key of the curated tables is the person's."""
        kind, _, rest = value.partition(":")
        if kind == "c":
            return rest in self.customers or rest.rpartition("@")[0] in self.customers
        namespace, _, session = rest.rpartition("/") if kind == "n" else ("", "", rest)
        return self.is_session(namespace, session)

    def has_history(self, pk: str) -> bool:
        """Whether the pk of an item beside the models is that of a history of the person's."""
        return pk in self.history_pks

    @cached_property
    def history_pks(self) -> frozenset[str]:
        """The pks of the person's histories: digests of the customer ids."""
        return frozenset(history_key(digest_of(name))[0] for name in self.customers)

    def is_quoted_in(self, text: str | bytes) -> bool:
        """Whether JSON text has an id as a whole string."""
        return bool(self._quoted.search(_bytes(text)))

    def is_named_in(self, text: str | bytes | None) -> bool:
        """Whether free text has a customer id as a word of its own, or a session id as a whole JSON string."""
        return text is not None and bool(self._named.search(_bytes(text)))

    def may_be_in(self, content: bytes) -> bool:
        """Whether a customer id, in any spelling, may be in some bytes; a quick look that rules most of them out."""
        return any(spelling in content for spelling in self.spellings)

    @cached_property
    def spellings(self) -> tuple[bytes, ...]:
        """The customer ids as JSON and URLs write them."""
        return _spellings(self.customers)

    @cached_property
    def _quoted(self) -> re.Pattern[bytes]:
        sessions = {name for _, name in self.sessions} | self.named_sessions
        return re.compile(b'"(?:%b)"' % _any_of(_spellings({*self.customers, *sessions})))

    @cached_property
    def _named(self) -> re.Pattern[bytes]:
        return re.compile(b"%b(?:%b)%b|%b" % (_BEFORE, _any_of(self.spellings), _AFTER, self._quoted.pattern))


def _any_of(words: Iterable[bytes]) -> bytes:
    return b"|".join(map(re.escape, words)) or b"(?!)"


def _spellings(ids: Iterable[str]) -> tuple[bytes, ...]:
    return tuple(
        sorted(
            {
                spelling
                for name in ids
                for spelling in (
                    json.dumps(name, ensure_ascii=False)[1:-1].encode(),
                    json.dumps(name)[1:-1].encode(),
                    quote(name, safe="").encode(),
                )
            }
        )
    )


def _bytes(text: str | bytes) -> bytes:
    return text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text


@dataclass
class Pseudonyms:
    """What takes the place of each id: fresh and random, and kept nowhere once the erasure is done.

    Attributes
    ----------
    shared : sessions that another customer used as well: only events that name the person lose them
    """

    customers: dict[str, str] = field(default_factory=dict)
    sessions: dict[Session, str] = field(default_factory=dict)
    requests: dict[str, str] = field(default_factory=dict)
    shared: set[Session] = field(default_factory=set)

    @staticmethod
    def of(names: dict[str, str] | dict[Session, str], name: str | Session) -> str:
        """The pseudonym of a name, made where it has none yet."""
        return names.setdefault(name, f"erased-{uuid.uuid4().hex}")  # type: ignore[arg-type]

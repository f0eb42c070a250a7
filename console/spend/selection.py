"""What a reader can choose on the Spend page, and how the link says it. Draws nothing.

``?basis=billed&by=usage_type&service=AWS+Lambda&drill=service``: the basis, the grouping, what the bill is narrowed
to, and which of the narrowings were drilled into, in that order. The shop's channel, category and region have other
parameters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from console.finops.charges import Basis
from console.finops.contents import SLICES, Contents
from console.kit.link import Query, first
from console.spend import part as parts
from console.spend.part import DIMENSIONS, RESOURCE, BillPart

DEFAULT_BASIS = Basis.EFFECTIVE  # a day's use at what it really costs; billed shows what is bought on one day only
DEFAULT_BY = "service"
TAG = parts.TAG
OFFERED = SLICES  # narrowings with a widget; the others come from drilling
PARAMETERS = ("basis", "currency", "by", "drill", "tag_key", "tag_value", "untagged", *DIMENSIONS)
MOST_VALUES = 100  # in a link; a query takes ten times as many


@dataclass(frozen=True)
class SpendSelection:
    """What the Spend page shows, as the URL says it, with defaults for what cannot be used.

    Attributes
    ----------
    basis, by : which cost, grouped by what: a dimension's name or ``tag:KEY``
    currency : None for the lake's own choice
    narrowed : dimension → values
    tag : (key, value), or None
    drilled : dimensions, and ``tag``, that were drilled into, in that order; the filter of each holds one value
    untagged : the key whose untagged usage is listed; None for the one that covers most
    """

    basis: Basis = DEFAULT_BASIS
    by: str = DEFAULT_BY
    currency: str | None = None
    narrowed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    tag: tuple[str, str] | None = None
    drilled: tuple[str, ...] = ()
    untagged: str | None = None

    def as_query(self) -> Query:
        """The URL that reopens this state; defaults are left out."""
        query: Query = {}
        if self.basis is not DEFAULT_BASIS:
            query["basis"] = [self.basis.value]
        if self.by != DEFAULT_BY:
            query["by"] = [self.by]
        if self.currency is not None:
            query["currency"] = [self.currency]
        query |= {name: list(values) for name, values in self.narrowed.items() if values}
        if self.tag is not None:
            query["tag_key"], query["tag_value"] = [self.tag[0]], [self.tag[1]]
        if self.drilled:
            query["drill"] = list(self.drilled)
        if self.untagged is not None:
            query["untagged"] = [self.untagged]
        return query

    def part(self, currency: str) -> BillPart:
        """The part of the bill that is meant."""
        return BillPart(currency, {name: values for name, values in self.narrowed.items() if values}, self.tag)

    def into(self, value: str) -> SpendSelection:
        """One value of the grouping looked into: narrowed to it, grouped by what comes next."""
        key = parts.tag_key(self.by)
        if key is not None:
            taken = replace(self, tag=(key, value), drilled=(*self._without(TAG), TAG))
            return replace(taken, by=taken._next("service"))
        narrowed = {**self.narrowed, self.by: (value,)}
        taken = replace(self, narrowed=narrowed, drilled=(*self._without(self.by), self.by))
        return replace(taken, by=taken._next(DIMENSIONS[self.by].then))

    def back(self, steps: int) -> SpendSelection:
        """The state with only the first `steps` drilled, grouped by the dimension that was drilled next."""
        kept, undone = self.drilled[:steps], self.drilled[steps:]
        narrowed = {name: values for name, values in self.narrowed.items() if name not in undone}
        by = self.by
        if undone:
            by = parts.by_tag(self.tag[0]) if undone[0] == TAG and self.tag else undone[0]
        return replace(self, by=by, narrowed=narrowed, tag=None if TAG in undone else self.tag, drilled=kept)

    def with_values(self, name: str, values: Sequence[str]) -> SpendSelection:
        """Narrowed by hand; a dimension that holds one value no longer is no step of the drill any more."""
        drilled = self.drilled if len(values) == 1 else self._without(name)
        return replace(self, narrowed={**self.narrowed, name: tuple(values)}, drilled=drilled)

    def crumbs(self, names: Mapping[str, str]) -> list[str]:
        """What was drilled into, as printed."""
        return [
            f"{self.tag[0]} = {self.tag[1]}"
            if name == TAG and self.tag
            else names.get(self.narrowed[name][0], self.narrowed[name][0])
            for name in self.drilled
        ]

    def can_look_into(self) -> bool:
        """Whether a value of the grouping can be looked into: not where it is narrowed to one already."""
        key = parts.tag_key(self.by)
        if key is not None:
            return self.tag is None
        return self.by not in self.drilled

    def _without(self, name: str) -> tuple[str, ...]:
        return tuple(drilled for drilled in self.drilled if drilled != name)

    def _next(self, wanted: str) -> str:
        """The next grouping: `wanted`, unless it is narrowed to one value already; then the first that is not."""
        for name in (wanted, "service", "usage_type", RESOURCE):
            if len(self.narrowed.get(name, ())) != 1:
                return name
        return wanted


def read(query: Mapping[str, Sequence[str]], contents: Contents) -> SpendSelection:
    """The state a URL asks for. Whatever cannot be used falls back to its default; nothing raises."""
    basis = first(query, "basis")
    by = first(query, "by")
    key = parts.tag_key(by)
    narrowed: dict[str, tuple[str, ...]] = {}
    for name in DIMENSIONS:
        asked = tuple(dict.fromkeys(value for value in query.get(name, ()) if value))[:MOST_VALUES]
        known = contents.values.get(name)
        values = asked if known is None else tuple(value for value in asked if value in known)
        if values:
            narrowed[name] = values
    tag_key, tag_value = first(query, "tag_key"), first(query, "tag_value")
    tag = (tag_key, tag_value) if tag_key in contents.tag_keys and tag_value else None
    drilled = tuple(
        name
        for name in dict.fromkeys(query.get("drill", ()))
        if (name == TAG and tag is not None) or len(narrowed.get(name, ())) == 1
    )
    currency, untagged = first(query, "currency"), first(query, "untagged")
    return SpendSelection(
        basis=Basis(basis) if basis in set(Basis) else DEFAULT_BASIS,
        by=by if by in DIMENSIONS or (key is not None and key in contents.tag_keys) else DEFAULT_BY,
        currency=currency if currency in contents.currencies else None,
        narrowed=narrowed,
        tag=tag,
        drilled=drilled,
        untagged=untagged if untagged in contents.tag_keys else None,
    )


def groupings(contents: Contents) -> list[str]:
    """What the bill can be grouped by: every dimension, and every tag key."""
    return [*DIMENSIONS, *(parts.by_tag(key) for key in contents.tag_keys)]

"""The templates of an installation, and what is in them. Plain JSON: no AWS, no CDK."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from catalogue.errors import SettingsError

Properties = dict[str, Any]


@dataclass(frozen=True)
class TemplateSet:
    """The templates by the part that each stack is, such as ``data``."""

    by_part: Mapping[str, Mapping[str, Any]]

    def resources(self, kind: str, part: str | None = None) -> dict[str, Properties]:
        """Properties of the resources of a type, by ``part/logical id``."""
        return {name: resource.get("Properties", {}) for name, resource in self._of(kind, part)}

    def one(self, kind: str, part: str | None = None) -> Properties:
        """The properties of the only resource of a type.

        Raises
        ------
        SettingsError
            There is none, or more than one.
        """
        found = self.resources(kind, part)
        if len(found) != 1:
            raise _not_one(kind, found)
        return next(iter(found.values()))

    def named(self, kind: str, name_property: str, purpose: str) -> Properties:
        """The properties of the resource whose name ends with a purpose; empty where there is none.

        Raises
        ------
        SettingsError
            There is more than one.
        """
        found = {
            name: properties
            for name, properties in self.resources(kind).items()
            if str(properties.get(name_property, "")).endswith(f"-{purpose}")
        }
        if len(found) > 1:
            raise _not_one(f"{kind} named …-{purpose}", found)
        return next(iter(found.values()), {})

    def _of(self, kind: str, part: str | None) -> Iterator[tuple[str, Mapping[str, Any]]]:
        for name, template in self.by_part.items():
            if part in (None, name):
                for logical, resource in template["Resources"].items():
                    if resource["Type"] == kind:
                        yield f"{name}/{logical}", resource


def _not_one(what: str, found: Iterable[str]) -> SettingsError:
    names = ", ".join(sorted(found)) or "none"
    return SettingsError(
        f"There is not one {what}", where=names, remedy="Say in infra_cdk/bill/settings.py which one counts."
    )

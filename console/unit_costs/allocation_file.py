"""Allocation rules as a TOML file says them, read and checked.

A lake may have its own ``allocation.toml``; the one beside this module fits the deployment that ships with the product.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from catalogue.errors import SettingsError
from console.finops.decimals import total
from console.unit_costs.allocation import BY_DIRECT, CONDITIONS, COUNTS, Allocation, Function, Rule

DEFAULT = Path(__file__).with_name("allocation.toml")
FILE = "allocation.toml"  # in the lake folder


def of_lake(lake: Path) -> Allocation:
    """The rules of a lake: its own file where it has one, else the one that ships."""
    own = lake / FILE
    return load(own if own.exists() else DEFAULT)


def load(path: Path = DEFAULT) -> Allocation:
    """Read and check a file of rules.

    Raises
    ------
    SettingsError
        The file cannot be read, or says something that cannot be used; names the line.
    """
    try:
        text = path.read_text(encoding="utf-8")
        values = tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(
            f"The allocation file cannot be read: {error}", where=str(path), remedy="Mend the file, or remove it."
        ) from error
    return _Reader(path, text, values).allocation()


class _Reader:
    """Reads one file; every complaint names its line."""

    def __init__(self, path: Path, text: str, values: Mapping[str, Any]) -> None:
        self.path = path
        self.lines = text.splitlines()
        self.values = values

    def _wrong(self, what: str, remedy: str, header: str = "", key: str = "", nth: int = 0) -> SettingsError:
        return SettingsError(what, where=f"{self.path}:{self._line(header, key, nth)}", remedy=remedy)

    def _line(self, header: str, key: str, nth: int) -> int:
        """The line of a key below the `nth` header of that name; of the header itself where the key is not found."""
        starts = [number for number, line in enumerate(self.lines, start=1) if header and line.strip() == header]
        first = starts[nth] if nth < len(starts) else 1
        for number in range(first + bool(header), len(self.lines) + 1):
            line = self.lines[number - 1]
            if header and line.lstrip().startswith("["):
                break
            if key and re.match(rf"\s*{re.escape(key)}\s*=", line):
                return number
        return first

    def allocation(self) -> Allocation:
        for name in self.values:
            if name not in ("tag_key", "function", "driver", "rule"):
                raise self._wrong(f"There is no setting {name}", "Write tag_key, function, driver and rule.", key=name)
        tag_key = self.values.get("tag_key", "")
        if not isinstance(tag_key, str):
            raise self._wrong("tag_key is no text", 'Write tag_key = "component".', key="tag_key")
        functions = {name: self._function(name, entry) for name, entry in self._tables("function").items()}
        if not functions:
            raise self._wrong("There is no function", "Write [function.selling] with a title and a unit.")
        drivers = {name: self._driver(name, entry, functions) for name, entry in self._tables("driver").items()}
        rules: list[Rule] = []
        for nth, entry in enumerate(self._rule_tables()):
            rule = self._rule(nth, entry, functions, drivers, bool(tag_key))
            if any(rule.name == each.name for each in rules):  # a reader could not tell what which one left over
                raise self._wrong(
                    f"Two rules are named {rule.name}", "Give each its own name.", "[[rule]]", "name", nth
                )
            rules.append(rule)
        return Allocation(self.path, tag_key, functions, drivers, rules)

    def _rule_tables(self) -> Sequence[Mapping[str, Any]]:
        found = self.values.get("rule", [])
        if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
            header = "[rule]" if isinstance(found, dict) else ""
            raise self._wrong("rule is no list of tables", "Write [[rule]] above each rule.", header, key="rule")
        return found

    def _tables(self, name: str) -> Mapping[str, Mapping[str, Any]]:
        found = self.values.get(name, {})
        if not isinstance(found, dict) or not all(isinstance(entry, dict) for entry in found.values()):
            raise self._wrong(f"{name} is no table of tables", f"Write [{name}.name] and its settings.", key=name)
        return found

    def _function(self, name: str, entry: Mapping[str, Any]) -> Function:
        header = f"[function.{name}]"
        for key in entry:
            if key not in ("title", "unit"):
                raise self._wrong(f"{name} has an unknown setting {key}", "Write title and unit.", header, key)
        title, unit = entry.get("title"), entry.get("unit")
        if not isinstance(title, str) or not title:
            raise self._wrong(f"{name} has no title", 'Write title = "Selling".', header, "title")
        if unit not in COUNTS:
            raise self._wrong(f"{name} is counted by {unit!r}", f"Counts: {', '.join(COUNTS)}.", header, "unit")
        return Function(name, title, unit)

    def _driver(
        self, name: str, entry: Mapping[str, Any], functions: Mapping[str, Function]
    ) -> Mapping[str, tuple[str, ...]]:
        header = f"[driver.{name}]"
        if name == BY_DIRECT:
            raise self._wrong("A driver cannot be called direct", "That splits like the direct costs.", header)
        found = {}
        for function, counted in entry.items():
            self._known(function, functions, header, function)
            listed = _listed(counted)
            unknown = [each for each in listed if each not in COUNTS]
            if unknown or not listed:
                named = f"counts {unknown[0]!r}" if unknown else "counts nothing"
                raise self._wrong(
                    f"Driver {name} {named} for {function}", f"Counts: {', '.join(COUNTS)}.", header, function
                )
            found[function] = listed
        return found

    def _known(self, name: str, functions: Mapping[str, Function], header: str, key: str, nth: int = 0) -> None:
        if name not in functions:
            raise self._wrong(f"There is no function {name!r}", f"Functions: {', '.join(functions)}.", header, key, nth)

    def _rule(
        self,
        nth: int,
        entry: Mapping[str, Any],
        functions: Mapping[str, Function],
        drivers: Mapping[str, object],
        has_tag: bool,
    ) -> Rule:
        header = "[[rule]]"
        name = entry.get("name", "")
        if not isinstance(name, str) or not name:
            raise self._wrong("A rule has no name", 'Write name = "Collector".', header, "name", nth)
        for key in entry:
            if key not in ("name", "function", "share", *CONDITIONS):
                raise self._wrong(
                    f"Rule {name} has an unknown setting {key}",
                    f"Write {', '.join(CONDITIONS)}, and function or share.", header, key, nth,
                )  # fmt: skip
        conditions = {key: _listed(entry[key]) for key in CONDITIONS if key in entry}
        for key, patterns in conditions.items():
            if not patterns:
                raise self._wrong(f"Rule {name} names no {key}", f'Write {key} = "…" or a list.', header, key, nth)
        if not conditions:
            raise self._wrong(f"Rule {name} has no condition", f"Write {' or '.join(CONDITIONS)}.", header, "name", nth)
        if "tag" in conditions and not has_tag:
            raise self._wrong(f"Rule {name} looks at a tag", 'Write tag_key = "…" on top.', header, "tag", nth)
        if ("function" in entry) == ("share" in entry):
            raise self._wrong(
                f"Rule {name} is neither direct nor shared, or both", "Write function or share.", header, "name", nth
            )
        if "function" in entry:
            self._known(str(entry["function"]), functions, header, "function", nth)
            return Rule(name, conditions, function=entry["function"])
        share = entry["share"]
        if isinstance(share, dict):
            return Rule(name, conditions, shares=self._shares(name, share, functions, nth))
        if not isinstance(share, str) or (share != BY_DIRECT and share not in drivers):
            known = ", ".join((*drivers, BY_DIRECT))
            raise self._wrong(f"There is no driver {share!r}", f"Drivers: {known}.", header, "share", nth)
        return Rule(name, conditions, driver=share)

    def _shares(
        self, name: str, written: Mapping[str, Any], functions: Mapping[str, Function], nth: int
    ) -> Mapping[str, Decimal]:
        shares = {}
        for function, text in written.items():
            self._known(function, functions, "[[rule]]", "share", nth)
            try:
                share = Decimal(text) if isinstance(text, str) else Decimal("NaN")
            except InvalidOperation:
                share = Decimal("NaN")
            if not share.is_finite() or share < 0:
                raise self._wrong(
                    f"Rule {name} gives {function} the share {text!r}", 'Write a decimal in quotes, such as "0.6".',
                    "[[rule]]", "share", nth,
                )  # fmt: skip
            shares[function] = share
        if total(shares.values()) != 1:
            raise self._wrong(
                f"The shares of rule {name} add up to {total(shares.values())}", "They must add up to 1.",
                "[[rule]]", "share", nth,
            )  # fmt: skip
        return shares


def _listed(value: object) -> tuple[str, ...]:
    """A text or a list of texts; empty for anything else."""
    values = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    return tuple(values) if all(isinstance(each, str) and each for each in values) else ()

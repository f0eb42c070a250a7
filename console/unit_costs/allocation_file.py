"""The allocation rules of a lake, read from a TOML file and checked.

A lake may have its own ``allocation.toml``; the one beside this module fits the deployment that ships with the product.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import msgspec

from catalogue.errors import SettingsError
from console.finops.decimals import total
from console.finops.toml_files import DecimalText, Text, TomlFile, read_toml
from console.unit_costs.allocation import BY_DIRECT, CONDITIONS, COUNTS, Allocation, BusinessFunction, Rule

DEFAULT = Path(__file__).with_name("allocation.toml")
FILE = "allocation.toml"  # in the lake folder

_Texts = Text | tuple[Text, ...]


class _Head(msgspec.Struct):
    """The one setting that is no table."""

    tag_key: str = ""


class _Function(msgspec.Struct, forbid_unknown_fields=True):
    """A table ``[function.name]``."""

    title: Text
    unit: Literal[COUNTS]  # type: ignore[valid-type]


class _Rule(msgspec.Struct, forbid_unknown_fields=True):
    """A table ``[[rule]]``."""

    name: Text
    service: _Texts | None = None
    usage_type: _Texts | None = None
    account: _Texts | None = None
    category: _Texts | None = None
    tag: _Texts | None = None
    function: str | None = None
    share: str | dict[str, Any] | None = None


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
    file = read_toml(path, name="allocation file")
    for name in file.content:
        if name not in ("tag_key", "function", "driver", "rule"):
            raise file.mistake((name,), f"There is no setting {name}", "Write tag_key, function, driver and rule.")
    tag_key = file.convert(_Head).tag_key
    functions = {}
    for name in file.tables("function"):
        written = file.convert(_Function, ("function", name))
        functions[name] = BusinessFunction(name, written.title, written.unit)
    if not functions:
        raise file.mistake((), "There is no function", "Write [function.selling] with a title and a unit.")
    drivers = {name: _driver(file, name, functions) for name in file.tables("driver")}
    rules: list[Rule] = []
    for number in range(len(file.table_list("rule"))):
        rule = _rule(file, number, functions, drivers, has_tag=bool(tag_key))
        if rule.name in [other.name for other in rules]:  # a reader could not know which one left a cost over
            raise file.mistake(("rule", number, "name"), f"Two rules are named {rule.name}", "Rename one of them.")
        rules.append(rule)
    return Allocation(path, tag_key, functions, drivers, rules)


def _driver(file: TomlFile, name: str, functions: Mapping[str, object]) -> Mapping[str, tuple[str, ...]]:
    if name == BY_DIRECT:
        raise file.mistake(("driver", name), "A driver cannot be called direct", "That splits like the direct costs.")
    counts = {}
    for function in file.content["driver"][name]:
        place = ("driver", name, function)
        _check_function(file, place, function, functions)
        counts[function] = _listed(file.convert(_Texts, place))  # type: ignore[arg-type]
        unknown = [count for count in counts[function] if count not in COUNTS]
        if unknown or not counts[function]:
            counted = f"counts {unknown[0]!r}" if unknown else "counts nothing"
            raise file.mistake(place, f"Driver {name} {counted} for {function}", f"Counts: {', '.join(COUNTS)}.")
    return counts


def _rule(
    file: TomlFile,
    number: int,
    functions: Mapping[str, object],
    drivers: Mapping[str, object],
    *,
    has_tag: bool,
) -> Rule:
    rule = file.convert(_Rule, ("rule", number))

    def mistake(key: str, what: str, remedy: str) -> SettingsError:
        return file.mistake(("rule", number, key), what, remedy)

    conditions = {name: _listed(value) for name in CONDITIONS if (value := getattr(rule, name)) is not None}
    for name, patterns in conditions.items():
        if not patterns:
            raise mistake(name, f"Rule {rule.name} names no {name}", f'Write {name} = "…" or a list.')
    if not conditions:
        raise mistake("name", f"Rule {rule.name} has no condition", f"Write {' or '.join(CONDITIONS)}.")
    if "tag" in conditions and not has_tag:
        raise mistake("tag", f"Rule {rule.name} looks at a tag", 'Write tag_key = "…" on top.')
    if (rule.function is None) == (rule.share is None):
        raise mistake("name", f"Rule {rule.name} is neither direct nor shared, or both", "Write function or share.")
    if rule.function is not None:
        _check_function(file, ("rule", number, "function"), rule.function, functions)
        return Rule(rule.name, conditions, function=rule.function)
    if isinstance(rule.share, dict):
        return Rule(rule.name, conditions, shares=_shares(file, number, rule.name, functions))
    if rule.share is None or (rule.share != BY_DIRECT and rule.share not in drivers):
        known = ", ".join((*drivers, BY_DIRECT))
        raise mistake("share", f"There is no driver {rule.share!r}", f"Drivers: {known}.")
    return Rule(rule.name, conditions, driver=rule.share)


def _shares(file: TomlFile, number: int, rule: str, functions: Mapping[str, object]) -> Mapping[str, Decimal]:
    place = ("rule", number, "share")
    shares = {}
    for function in file.content["rule"][number]["share"]:
        _check_function(file, place, function, functions)
        shares[function] = file.convert(DecimalText, (*place, function))
    if total(shares.values()) != 1:
        raise file.mistake(
            place, f"The shares of rule {rule} add up to {total(shares.values())}", "They must add up to 1."
        )
    return shares


def _check_function(file: TomlFile, place: Sequence[str | int], name: str, functions: Mapping[str, object]) -> None:
    if name not in functions:
        raise file.mistake(place, f"There is no function {name!r}", f"Functions: {', '.join(functions)}.")


def _listed(value: str | tuple[str, ...]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else value

"""Reads and checks the table of signals, `signals.toml`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from console.finops.toml_files import TomlFile, read_toml
from console.health.signals import Composite, Resource, Signal, SignalRow, SignalTable
from console.tiers import tiers
from console.tiers.tiers import Tier

SIGNALS = Path(__file__).with_name("signals.toml")
ALARM_FIELDS = ("threshold", "comparison", "datapoints", "missing", "runbook")

Mistake = tuple[str, str, str]
"""Setting, what is wrong, remedy."""


@lru_cache(maxsize=8)
def load(path: Path = SIGNALS) -> SignalTable:
    """The table of a file.

    Raises
    ------
    SettingsError
        The file cannot be read, or a row lacks a setting, has one too many or one that cannot be; names the line.
    """
    file = read_toml(path, name="table of signals")
    sources = file.convert(Mapping[str, str], ("sources",))  # type: ignore[type-abstract]
    resources = {name: file.convert(Resource, ("resource", name)) for name in file.tables("resource")}
    composites = tuple(
        file.convert(Composite, ("composite", place)) for place, _ in enumerate(file.table_list("composite"))
    )
    known = {composite.name for composite in composites}
    signals: dict[str, Signal] = {}
    for place, _ in enumerate(file.table_list("signal")):
        row = file.convert(SignalRow, ("signal", place))
        for setting, what, remedy in _mistakes(row, sources, resources, known):
            raise file.mistake(("signal", place, setting), what, remedy)
        for signal in _expanded(row, resources):
            if signal.name in signals:
                raise file.mistake(
                    ("signal", place, "name"), f"Two signals are named {signal.name!r}", "Give one another name."
                )
            signals[signal.name] = signal
    _check_members(file, composites, signals)
    return SignalTable(sources, resources, composites, tuple(signals.values()))


def _expanded(row: SignalRow, resources: Mapping[str, Resource]) -> Iterator[Signal]:
    for name in row.of:
        yield Signal(row.name.replace("{of}", name), name, resources[name], row)


def _mistakes(
    row: SignalRow, sources: Mapping[str, str], resources: Mapping[str, Resource], composites: set[str]
) -> Iterator[Mistake]:
    if row.namespace not in sources:
        yield "namespace", f"Namespace {row.namespace!r} has no source", "Add its documentation to [sources]."
    for name in row.of:
        if name not in resources:
            yield "of", f"There is no resource {name!r}", f"Resources: {', '.join(resources)}."
            return
    if bool(row.expression) == bool(row.metric):
        yield "metric", f"{row.name} must have either one metric or an expression", "Write one of the two."
    if bool(row.expression) != bool(row.metrics) or bool(row.metric) != bool(row.statistic):
        yield "metrics", f"{row.name} lacks what its metric or expression needs", (
            "A metric has a statistic; an expression has metrics."
        )  # fmt: skip
    for signal in _expanded(row, resources):
        unknown = signal.resources() - set(resources)
        if unknown:
            yield "dimensions", f"There is no resource {min(unknown)!r}", f"Resources: {', '.join(resources)}."
    yield from _alarm_mistakes(row, resources, composites)


def _alarm_mistakes(row: SignalRow, resources: Mapping[str, Resource], composites: set[str]) -> Iterator[Mistake]:
    given = [name for name in ALARM_FIELDS if getattr(row, name) not in (None, "")]
    if row.severity == "chart":
        for name in given:
            yield name, f"{row.name} is only drawn, and has {name}", "Give it a severity, or take that away."
        return
    for name in ALARM_FIELDS:
        if name not in given:
            yield name, f"{row.name} has an alarm, but no {name}", f"Write {name}."
    if row.datapoints is not None and not 1 <= row.datapoints[0] <= row.datapoints[1]:
        yield "datapoints", f"{row.datapoints[0]} of {row.datapoints[1]} periods cannot be", "Write such as [3, 5]."
    if (row.severity == "page") != bool(row.composite):
        yield "severity", f"{row.name} must page through a composite, or not page", "Write both or none."
    if row.composite and row.composite not in composites:
        yield "composite", f"There is no composite {row.composite!r}", f"Composites: {', '.join(sorted(composites))}."
    if row.region:
        yield "region", f"{row.name} has an alarm in another region", "An alarm sees its own region: only draw it."
    sizes = {tier.name: tier for tier in tiers.load()}
    for name in row.tiers:
        if name not in sizes:
            yield "tiers", f"There is no tier {name!r}", f"Tiers: {', '.join(sizes)}."
    for signal in _expanded(row, resources):
        if row.threshold is not None and not _is_number(signal, *sizes.values()):
            yield "times", f"{row.times!r} is no number of {signal.of} or of a tier", "Write one of tiers.toml."


def _is_number(signal: Signal, tier: Tier, *_: Tier) -> bool:
    try:
        return signal.threshold(tier).is_finite()
    except (AttributeError, ArithmeticError):
        return False


def _check_members(file: TomlFile, composites: tuple[Composite, ...], signals: Mapping[str, Signal]) -> None:
    used = {signal.row.composite for signal in signals.values()}
    for place, composite in enumerate(composites):
        if composite.name not in used:
            what = f"Composite {composite.name!r} has no signal"
            raise file.mistake(("composite", place, "name"), what, "Give it one, or remove it.")

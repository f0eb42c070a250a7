"""``python -m pipeline recommend experiments``: list, start and end experiments, in a lake folder or a deployment."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from catalogue.clock import utc_now
from catalogue.command_line import group
from catalogue.errors import SettingsError
from pipeline import options
from pipeline.recommend.customers.opting_out import NO_TABLES, Tables
from pipeline.recommend.experiments.experiment import Experiment, Variant
from pipeline.recommend.experiments.stored import StoredExperiments
from pipeline.recommend.experiments.words import described, effects
from pipeline.recommend.models.opening import opened_models

HOLDOUT, SHOWN = "holdout", "shown"
_EXAMPLES = """\
Examples: `start autumn --holdout 0.1` shows a tenth of the customers nothing, to see what recommendations bring;
`start trends --surface for_you --variant control=0.5 --variant trending=0.5:surface=trending` gives half of the
customers what trends in the place of for_you; `--variant old=0.5:model=previous` gives them the answers of the model
before.
"""
_FORM = "Write NAME=SHARE, and :surface=SURFACE or :model=VERSION where it changes something."

experiments = group(help="List, start and end experiments with recommendations.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(metavar="NAME", help="a-z, 0-9 and -; never used twice")]


@experiments.command("list")
def list_experiments(lake: options.Lake = options.DEFAULT_LAKE, tables: Tables = NO_TABLES) -> None:
    """List every experiment, the newest first."""
    with _opened(lake, tables, writes=False) as stored:
        found = stored.all()
    lines = [line for experiment in found for line in described(experiment)]
    sys.stdout.writelines(f"{line}\n" for line in lines or ["There is no experiment yet."])


@experiments.command(epilog=_EXAMPLES)
def start(
    name: Name,
    holdout: Annotated[
        float | None, typer.Option(metavar="SHARE", help="of the customers, 0.1 for a tenth, are shown nothing")
    ] = None,
    variant: Annotated[
        list[str] | None, typer.Option(metavar="NAME=SHARE[:…]", help="the first one is the control; repeat it")
    ] = None,
    surface: Annotated[
        list[str] | None, typer.Option(metavar="SURFACE", help="that it is about; repeat it (default: all)")
    ] = None,
    comment: Annotated[str, typer.Option(help="what it is for")] = "",
    lake: options.Lake = options.DEFAULT_LAKE,
    tables: Tables = NO_TABLES,
) -> None:
    """Start an experiment: each customer gets one variant of it from now on, the same one every time."""
    variants = _variants(holdout, variant or [])
    wanted = Experiment(
        name=name, variants=variants, started_at=utc_now(), surfaces=tuple(surface or ()), comment=comment
    )
    with _opened(lake, tables) as stored:
        begun = stored.start(wanted)
        has_model = stored.has_model()
    soon = "a minute" if tables[0] else "two seconds"
    sys.stdout.write(f"Experiment {name} runs. Servers go by it within {soon}.\n")
    sys.stdout.writelines(f"{line}\n" for line in effects(begun))
    if not has_model:
        where = f"in {tables[0]}" if tables[0] else "yet"
        sys.stdout.write(f"There is no model {where}: until one is trained, nobody is shown anything.\n")


@experiments.command()
def end(name: Name, lake: options.Lake = options.DEFAULT_LAKE, tables: Tables = NO_TABLES) -> None:
    """End an experiment: every customer gets what is asked for again."""
    with _opened(lake, tables) as stored:
        ended = stored.end(name)
    days = ((ended.ended_at or ended.started_at) - ended.started_at).days
    after = f"after {days} {'day' if days == 1 else 'days'}" if days else "within a day"
    sys.stdout.write(f"Experiment {name} has ended, {after}. Every customer gets what is asked for again.\n")


def _variants(holdout: float | None, written: list[str]) -> tuple[Variant, ...]:
    """The variants of the options.

    Raises
    ------
    SettingsError
        There are none, or one is written in another form.
    """
    named = tuple(map(_variant, written))
    if holdout is None:
        if not named:
            raise SettingsError(
                "There is nothing to compare", remedy="Give --holdout 0.1, or --variant two times or more."
            )
        return named
    held = Variant(name=HOLDOUT, share=holdout, is_holdout=True)
    return (held, *(named or (Variant(name=SHOWN, share=round(1 - holdout, 9)),)))


def _variant(written: str) -> Variant:
    head, *changes = written.split(":")
    name, is_given, share = head.partition("=")
    changed = {key: value for key, _, value in (change.partition("=") for change in changes)}
    is_known = changed.keys() <= {"surface", "model"} and len(changed) == len(changes) and "" not in changed.values()
    if not is_given or not is_known:
        raise SettingsError(f"--variant {written[:80]!r} cannot be read", remedy=_FORM)
    try:
        return Variant(
            name=name, share=float(share), surface=changed.get("surface", ""), model=changed.get("model", "")
        )
    except ValueError:
        raise SettingsError(
            f"--variant {written[:80]!r} has no share that is a number", remedy="Half the customers are 0.5. " + _FORM
        ) from None


@contextmanager
def _opened(lake: Path, tables: tuple[str, str], *, writes: bool = True) -> Iterator[StoredExperiments]:
    with opened_models(lake, tables, writes=writes) as models:
        yield StoredExperiments(models.items, models)

"""Whether an experiment can be run: pure, with errors that say what may be."""

from __future__ import annotations

import re
from collections.abc import Iterable

from catalogue.errors import SettingsError
from pipeline.recommend.experiments.experiment import MOST_VARIANTS, Experiment, Variant
from pipeline.recommend.models.model import SURFACES

NAME = re.compile(r"[a-z0-9-]{1,64}")
LEAST_VARIANTS = 2
LEAST_SHARE = 0.001  # 1 in 1,000 customers: a digit decides to 1 in 65,536
COMMENT_CHARACTERS = 500
_ROUNDING = 1e-6  # of shares that are written with decimals: three times .3333333 is 1


def check(experiment: Experiment) -> None:
    """Refuse an experiment that cannot be.

    Raises
    ------
    SettingsError
        A name, a share, a surface, the hold-out or the comment cannot be; says what may.
    """
    _check_name("The experiment", experiment.name)
    variants = experiment.variants
    if not LEAST_VARIANTS <= len(variants) <= MOST_VARIANTS:
        raise _refused(experiment, f"has {_counted(variants)}", f"Give it {LEAST_VARIANTS} to {MOST_VARIANTS}.")
    for variant in variants:
        _check_variant(experiment, variant)
    names = [variant.name for variant in variants]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise _refused(experiment, f"has two variants named {twice}", "Give each a name of its own.")
    if any(variant.is_holdout for variant in variants[1:]):
        raise _refused(
            experiment, "has a hold-out that is not its first variant", "Name one hold-out, first: it is the control."
        )
    total = sum(variant.share for variant in variants)
    if not abs(total - 1) <= _ROUNDING:
        shares = " + ".join(f"{variant.share:g}" for variant in variants)
        raise _refused(experiment, f"has shares that add up to {total:g} ({shares})", "Let them add up to 1.")
    _check_surfaces(experiment, experiment.surfaces)
    if len(set(experiment.surfaces)) < len(experiment.surfaces):
        raise _refused(experiment, "names a surface twice", "Name each once.")
    if len(experiment.comment) > COMMENT_CHARACTERS:
        raise _refused(
            experiment,
            f"has a comment of {len(experiment.comment)} characters",
            f"Write at most {COMMENT_CHARACTERS}.",
        )


def _check_variant(experiment: Experiment, variant: Variant) -> None:
    _check_name(f"A variant of experiment {experiment.name}", variant.name)
    what = f"gives variant {variant.name} a share of {variant.share:g}"
    if not LEAST_SHARE <= variant.share <= 1 - LEAST_SHARE:
        raise _refused(
            experiment, what, f"A share is {LEAST_SHARE:g} to {1 - LEAST_SHARE:g}: 0.5 is half the customers."
        )
    if variant.is_holdout and (variant.surface or variant.model):
        raise _refused(
            experiment,
            f"has a hold-out with a surface or a model ({variant.name})",
            "A hold-out is shown nothing: leave them out.",
        )
    _check_surfaces(experiment, (variant.surface,) if variant.surface else ())


def _check_name(of: str, name: str) -> None:
    if not NAME.fullmatch(name):
        raise SettingsError(
            f"{of} cannot be named {name[:80]!r}", remedy="A name is 1 to 64 of a-z, 0-9 and -, such as autumn-holdout."
        )


def _check_surfaces(experiment: Experiment, surfaces: Iterable[str]) -> None:
    for surface in surfaces:
        if surface not in SURFACES:
            raise _refused(
                experiment, f"names surface {surface[:80]!r}, which is none", f"There are {', '.join(SURFACES)}."
            )


def _refused(experiment: Experiment, what: str, remedy: str) -> SettingsError:
    return SettingsError(f"Experiment {experiment.name} {what}", remedy=remedy)


def _counted(variants: tuple[Variant, ...]) -> str:
    return f"{len(variants) or 'no'} variant{'' if len(variants) == 1 else 's'}"

"""Versions that a running experiment names: they are not deleted while it runs.

Experiments are kept beside the models (`pipeline.recommend.experiments.stored`); of them, a store of models knows no
more than this.
"""

from __future__ import annotations

import zlib
from collections.abc import Set as AbstractSet

import msgspec

from pipeline.live.documents import unpack
from pipeline.recommend.models.items import Items, Key

RUNNING: Key = ("experiment", "running")


class _Variant(msgspec.Struct):
    model: str = ""


class _Experiment(msgspec.Struct):
    variants: tuple[_Variant, ...]


def named_versions(items: Items) -> AbstractSet[str] | None:
    """The versions that running experiments name; None where what is kept of experiments is damaged.

    Raises
    ------
    SourceError
        The items cannot be read.
    """
    packed = items.get(RUNNING)
    try:
        running = unpack(packed, tuple[_Experiment, ...]) if packed is not None else ()
    except (msgspec.MsgspecError, zlib.error):
        return None
    return {variant.model for experiment in running for variant in experiment.variants if variant.model}

"""How well products suit a customer, with numpy: for servers that have it anyway. See `.scoring`."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.recommend.models.packing import PackedNeighbours
from pipeline.recommend.serving.scoring import Scored, Seed, seeds_with_neighbours, share


class ArrayScoring:
    """Takes a fraction of the time of `PlainScoring` where a history is long."""

    def score(
        self,
        seeds: Sequence[Seed],
        neighbours: Mapping[int, PackedNeighbours],
        *,
        prior: Sequence[float] = (),
        popular: Sequence[int] = (),
        products: int,
        most: int,
    ) -> Scored:
        """See `Scoring.score`."""
        known = seeds_with_neighbours(seeds, neighbours)
        count = share(len(known))
        lists = [found.places[:count] for _, found in known]
        sizes = np.array([len(places) for places in lists], dtype=np.intp)
        places = _joined(lists).astype(np.intp)  # as all that follows indexes with it
        factors = np.repeat([seed.weight * found.step for seed, found in known], sizes)
        added = _joined([found.steps[:count] for _, found in known]) * factors
        ranked = _ranked(places, added, prior, popular, products, most) if known else []
        return _ArrayScored(ranked, [seed for seed, _ in known], np.cumsum(sizes), places, added, prior, products)


class _ArrayScored(NamedTuple):
    ranked: Sequence[tuple[int, float]]
    seeds: Sequence[Seed]
    ends: NDArray[np.intp]  # where the neighbours of each seed end
    places: NDArray[Any]
    added: NDArray[np.float64]
    prior: Sequence[float]
    products: int

    def strongest(self, places: Sequence[int]) -> dict[int, Seed]:
        """See `Scored.strongest`."""
        most = {place: self.prior[place] if self.prior else 0.0 for place in places}
        wanted = np.zeros(self.products, dtype=bool)
        wanted[np.asarray(places, dtype=np.intp)] = True
        found = np.flatnonzero(wanted[self.places])
        owners = np.searchsorted(self.ends, found, side="right")
        columns = (self.places[found].tolist(), self.added[found].tolist(), owners.tolist())
        strongest: dict[int, Seed] = {}
        for place, added, owner in zip(*columns, strict=True):
            if added > most[place]:
                most[place] = added
                strongest[place] = self.seeds[owner]
        return strongest


def _ranked(
    places: NDArray[Any],
    added: NDArray[np.float64],
    prior: Sequence[float],
    popular: Sequence[int],
    products: int,
    most: int,
) -> list[tuple[int, float]]:
    scores = np.bincount(places, added, minlength=products)
    if prior:
        scores += np.asarray(prior)
    may_come = np.zeros(products, dtype=bool)
    may_come[places] = True
    may_come[np.asarray(popular, dtype=np.intp)] = True
    chosen = np.flatnonzero(may_come & (scores > 0))
    if len(chosen) > most:
        least = np.partition(scores[chosen], len(chosen) - most)[len(chosen) - most]
        chosen = chosen[scores[chosen] >= least]
    best = chosen[np.argsort(-scores[chosen], kind="stable")][:most]
    return list(zip(best.tolist(), scores[best].tolist(), strict=True))


def _joined(lists: Sequence[array[int]]) -> NDArray[Any]:
    """Some lists one after the other; those of a large model have places of different widths."""
    if len({found.typecode for found in lists}) > 1:
        lists = [array("I", found) for found in lists]
    return np.frombuffer(b"".join(lists), dtype=lists[0].typecode) if lists else np.zeros(0, dtype=np.intp)

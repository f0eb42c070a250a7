"""Every method that can be evaluated, with the parameters among which it is tuned."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib.util import find_spec
from itertools import product

from catalogue.errors import SettingsError
from pipeline.recommend.methods import Method
from pipeline.recommend.methods.blend import Blend, Shares
from pipeline.recommend.methods.co_occurrence import CoOccurrence
from pipeline.recommend.methods.ease import Ease
from pipeline.recommend.methods.ials import IALS
from pipeline.recommend.methods.neighbours import CosineNeighbours
from pipeline.recommend.methods.popularity import Popularity, RecentPopularity
from pipeline.recommend.methods.rp3beta import RP3beta
from pipeline.recommend.methods.session_neighbours import SessionNeighbours
from pipeline.recommend.methods.slim import Slim


@dataclass(frozen=True)
class Candidate:
    """One method.

    Attributes
    ----------
    make : makes the method, with its own parameters where none are given
    grid : values to try of each parameter; every combination is tried
    library : that has to be installed, beside what the project runs on
    """

    make: Callable[..., Method]
    grid: Mapping[str, Sequence[float | int]]
    library: str = ""

    def variants(self) -> list[Method]:
        """One method for each combination of the grid."""
        return [self.make(**dict(zip(self.grid, values, strict=True))) for values in product(*self.grid.values())]

    def missing(self) -> str:
        """Why it cannot be evaluated here; empty where it can."""
        if self.library and find_spec(self.library) is None:
            return f"needs the library {self.library}, which is not installed"
        return ""


def _blend(**shares: float) -> Blend:
    """A blend by its shares, which are the parameters of its own that matter most."""
    return Blend(shares=replace(Shares(), **shares))


CANDIDATES: dict[str, Candidate] = {
    "popularity": Candidate(Popularity, {}),
    "recent_popularity": Candidate(RecentPopularity, {"half_life_days": (3.0, 7.0, 14.0, 30.0, 90.0)}),
    "ease": Candidate(
        Ease,
        {
            "regularisation": (300.0, 500.0),
            "half_life_days": (0.0, 60.0),
            "dropout": (0.0, 0.5),
            "popularity_correction": (0.0, 0.1, 0.2),
        },
    ),
    "co_occurrence": Candidate(CoOccurrence, {"age_days": (7.0, 15.0, 30.0), "history_half_life_days": (0.0, 90.0)}),
    "blend": Candidate(_blend, {"ease": (0.25, 1.0), "steady": (0.0, 0.25), "prior": (0.03, 0.1, 0.3)}),
    "cosine": Candidate(CosineNeighbours, {"neighbours": (50, 100, 200, 400)}),
    "tf_idf": Candidate(partial(CosineNeighbours, tf_idf=True), {"neighbours": (50, 100, 200, 400)}),
    "rp3beta": Candidate(RP3beta, {"alpha": (0.8, 1.0), "beta": (0.3, 0.4, 0.5, 0.6)}),
    "slim": Candidate(Slim, {"l1": (1.0, 2.0), "l2": (300.0, 500.0)}),
    "session_neighbours": Candidate(
        SessionNeighbours, {"neighbours": (100, 500), "position_decay": (5.0, 50.0), "recency_days": (3.0, 30.0, 300.0)}
    ),
    "ials": Candidate(IALS, {"regularisation": (10.0, 25.0, 50.0), "confidence": (4.0, 8.0)}, library="implicit"),
}


def chosen(names: str) -> dict[str, Candidate]:
    """The candidates that are named with commas between them; all of them where none is. Popularity is always there.

    Raises
    ------
    SettingsError
        There is no such method.
    """
    if not names:
        return CANDIDATES
    wanted = [name.strip().replace("-", "_") for name in names.split(",") if name.strip()]
    for name in wanted:
        if name not in CANDIDATES:
            raise SettingsError(f"There is no method {name!r}", remedy=f"Known: {', '.join(CANDIDATES)}.")
    return {name: CANDIDATES[name] for name in dict.fromkeys(["popularity", *wanted])}

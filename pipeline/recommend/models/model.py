"""A published model: pure data, served without numpy.

Products are numbered by their place in the model's directory, so that neighbours take few bytes. Everything here is of
one version and never changes; what is current is one pointer (`pipeline.recommend.models.model_store`).
"""

from __future__ import annotations

from datetime import datetime

import msgspec

FOR_YOU, BOUGHT_TOGETHER, VIEWED_ALSO_VIEWED = "for_you", "bought_together", "viewed_also_viewed"
BEST_SELLERS, TRENDING = "best_sellers", "trending"
SURFACES = (FOR_YOU, BOUGHT_TOGETHER, VIEWED_ALSO_VIEWED, BEST_SELLERS, TRENDING)
"""What may be asked for. The first three are made from products, the last two are lists for everybody."""

EVERYWHERE = ""  # the scope of a list that is of no category and no region


class DirectoryEntry(msgspec.Struct, frozen=True, array_like=True):
    """One product of a model.

    Attributes
    ----------
    category : top of its category path; empty where it is unknown
    available : whether it may be recommended; one that is no longer sold only explains others
    """

    product_id: str
    category: str = ""
    name: str = ""
    available: bool = True


class Neighbours(msgspec.Struct, frozen=True):
    """The products that go with one, those first that matter most: an answer for a long history adds the first alone.

    Attributes
    ----------
    places : of the neighbours in the directory
    weights : as many; a negative one speaks against a product
    """

    places: tuple[int, ...] = ()
    weights: tuple[float, ...] = ()


class RankedList(msgspec.Struct, frozen=True):
    """A list for everybody, best first.

    Attributes
    ----------
    scope : ``category:<top category>``, ``region:<region>``, or `EVERYWHERE`
    places : in the directory
    scores : as many, ≥ 0; for a list of sellers the recency-weighted units
    """

    surface: str
    scope: str
    places: tuple[int, ...] = ()
    scores: tuple[float, ...] = ()


class Measure(msgspec.Struct, frozen=True):
    """A figure of quality with its interval of 95 %, such as nDCG@10 of a method on the newest days."""

    name: str
    method: str
    value: float
    low: float
    high: float


class Need(msgspec.Struct, frozen=True):
    """Something that a model needs, how much there is, and how much it takes."""

    what: str
    have: int
    need: int

    @property
    def is_met(self) -> bool:
        """Whether there is enough."""
        return self.have >= self.need

    def __str__(self) -> str:
        return f"{self.have:,} of {self.need:,} {self.what}"


class ModelCard(msgspec.Struct, frozen=True, kw_only=True):
    """What a model was made of, and how good it is.

    Attributes
    ----------
    version : ``YYYYMMDDTHHMMSSZ-xxxx``; sorts by time
    first_event, last_event : window of the data; None where there was none
    interactions, customers, products : how many it was made of
    method, parameters : how it was learnt
    measures : of this model, of the popularity baselines, and of the model before on the same days
    needs : what a model takes, and how much of it there was
    unknown_share : share of the newest week's actions that are with products which the model before did not know; None
        where there was none, or nothing was done
    coverage : share of the available products that are among the ten of any customer by whom the model was measured;
        None where there was none
    gaps : what is known to be missing, in sentences
    code_version : of this project
    """

    version: str
    trained_at: datetime
    first_event: datetime | None
    last_event: datetime | None
    interactions: int
    customers: int
    products: int
    method: str
    parameters: dict[str, float | int | str]
    measures: tuple[Measure, ...] = ()
    needs: tuple[Need, ...] = ()
    unknown_share: float | None = None
    coverage: float | None = None
    training_seconds: float = 0.0
    peak_megabytes: float = 0.0
    gaps: tuple[str, ...] = ()
    code_version: str = ""


class Model(msgspec.Struct, frozen=True):
    """A whole model, as training makes it.

    Attributes
    ----------
    directory : the products, numbered by their place
    neighbours : by surface (`FOR_YOU`, `BOUGHT_TOGETHER`, `VIEWED_ALSO_VIEWED`), those of each place of the directory
    lists : of `BEST_SELLERS` and `TRENDING`, in every scope
    prior : by place, what recent popularity adds to a score of `FOR_YOU`; empty where the method has no prior
    """

    card: ModelCard
    directory: tuple[DirectoryEntry, ...]
    neighbours: dict[str, tuple[Neighbours, ...]]
    lists: tuple[RankedList, ...]
    prior: tuple[float, ...] = ()

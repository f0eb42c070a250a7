"""What the console knows of recommendations: models, a customer's answers, experiments, and trainings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Use(StrEnum):
    """What a model is used for."""

    CURRENT = "in use"
    PREVIOUS = "the one before"
    ASIDE = "kept aside"
    FORMER = "former"  # its card alone is kept


@dataclass(frozen=True)
class Quality:
    """A figure of quality, such as nDCG@10 of a method on the newest days, with its interval of 95 %."""

    name: str
    method: str
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Need:
    """Something that a model needs, how much there is, and how much it takes."""

    what: str
    have: int
    need: int


@dataclass(frozen=True)
class ModelRecord:
    """The card of a model.

    Attributes
    ----------
    first_event, last_event : window of the data it was learnt from
    interactions, customers : of all regions; None where a reader may not see that
    unknown_share : share of the newest week's actions that are with products which the model before did not know; None
        where there was none
    coverage : share of the available products that are in the ten of any customer who was asked about; None where
        nobody was
    gaps : what is known to be missing, and why a model is kept aside, in sentences
    """

    version: str
    trained_at: datetime
    use: Use
    method: str
    first_event: datetime | None
    last_event: datetime | None
    interactions: int | None
    customers: int | None
    products: int
    parameters: dict[str, float | int | str]
    measures: Sequence[Quality] = ()
    needs: Sequence[Need] = ()
    unknown_share: float | None = None
    coverage: float | None = None
    training_seconds: float = 0.0
    peak_megabytes: float = 0.0
    gaps: Sequence[str] = ()
    code_version: str = ""


@dataclass(frozen=True)
class PastAction:
    """Something that a customer did with a product."""

    product_id: str
    name: str
    category: str
    action: str
    at: datetime


@dataclass(frozen=True)
class Recommended:
    """One recommended product; `because_of` is the product that it is recommended for, if any."""

    product_id: str
    rank: int
    score: float
    name: str
    category: str
    why: str
    because_of: str = ""


@dataclass(frozen=True)
class Answered:
    """What one surface would show now.

    Attributes
    ----------
    served : the first list that gave an item
    experiment, variant : that the customer is given; empty where there is none
    note : what the answer lacks, in a sentence
    """

    surface: str
    served: str
    model: str
    items: Sequence[Recommended] = ()
    experiment: str = ""
    variant: str = ""
    note: str = ""


@dataclass(frozen=True)
class CatalogueProduct:
    """A product that the model in use knows."""

    product_id: str
    name: str
    category: str
    is_available: bool


@dataclass(frozen=True)
class VariantRecord:
    """One part of an experiment; see `pipeline.recommend.experiments.experiment.Variant`."""

    name: str
    share: float
    surface: str = ""
    model: str = ""
    is_holdout: bool = False


@dataclass(frozen=True)
class ExperimentRecord:
    """An experiment.

    Attributes
    ----------
    variants : the first one is the control
    bounds : by variant, what the first hexadecimal digits of ``md5(name + "/" + customer_id)`` are below
    surfaces : that it is about; empty for all
    """

    name: str
    variants: Sequence[VariantRecord]
    bounds: Sequence[str]
    started_at: datetime
    ended_at: datetime | None = None
    surfaces: Sequence[str] = ()
    comment: str = ""

    @property
    def holdout(self) -> VariantRecord | None:
        """The variant whose customers are shown nothing."""
        return next((variant for variant in self.variants if variant.is_holdout), None)


@dataclass(frozen=True)
class TrainingState:
    """The training that is under way, or the last one.

    Attributes
    ----------
    is_running : whether one is under way
    step, done : what it does, and which share of it is done; `done` is None where that is unknown
    failure : why the last one failed; empty where it did not
    """

    is_running: bool = False
    step: str = ""
    done: float | None = None
    started_at: datetime | None = None
    failure: str = ""


@dataclass(frozen=True)
class Trainer:
    """Whether this console can start a training, and if not, how else to."""

    can_start: bool
    how: str = ""


class RecommendationSource(Protocol):
    """Every method raises SourceError where the store does not answer. Safe to call from several threads."""

    def models(self) -> Sequence[ModelRecord]:
        """Every model whose card is kept, newest first."""
        ...

    def catalogue(self) -> Sequence[CatalogueProduct]:
        """The products of the model in use; empty where there is none."""
        ...

    def has_opted_out(self, customer_id: str) -> bool:
        """Whether a customer refuses recommendations."""
        ...

    def history(self, customer_id: str) -> Sequence[PastAction]:
        """What recommendations for a customer are made from, newest first; nothing for one who refuses."""
        ...

    def answers(
        self,
        customer_id: str | None,
        surfaces: Sequence[str],
        *,
        recent: Sequence[PastAction] = (),
        context_item: str = "",
        n: int = 10,
    ) -> Sequence[Answered]:
        """What each surface would answer now.

        Parameters
        ----------
        recent : what is taken for the history where nobody is known, newest first
        context_item : the product that the shop's page is about; empty for none
        """
        ...

    def experiments(self) -> Sequence[ExperimentRecord]:
        """Every experiment, the newest first."""
        ...

    def start_experiment(self, experiment: ExperimentRecord) -> None:
        """Begin an experiment. Raises SettingsError where it cannot be, such as for shares that do not add up."""
        ...

    def end_experiment(self, name: str) -> None:
        """End one that runs. Raises SettingsError where none of that name does."""
        ...

    def rollback(self) -> str:
        """Use the model before again; returns its version. Raises SettingsError where there is none."""
        ...

    def training(self) -> TrainingState:
        """The training under way, or the last one."""
        ...

    @property
    def trainer(self) -> Trainer:
        """Whether `train` can be called."""
        ...

    def train(self) -> None:
        """Start a training, unless one is under way."""
        ...

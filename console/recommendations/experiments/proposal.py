"""An experiment that a reader fills in: what it would be, and what starting it does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from catalogue.errors import SettingsError
from console.asking import formatting as text
from console.recommendations.source import ExperimentRecord, VariantRecord

MOST_NAME, MOST_COMMENT = 64, 500  # characters
HOLDOUT, SHOWN, CONTROL, CHANGED = "holdout", "shown", "control", "changed"


class Design(StrEnum):
    """What is compared."""

    HOLDOUT = "Hold-out"
    SURFACES = "Another surface"
    MODELS = "Another model"


MEANING = {
    Design.HOLDOUT: "Some customers are shown nothing: what the others buy more is due to recommendations.",
    Design.SURFACES: "Some customers get another list than the one that is asked for.",
    Design.MODELS: "Some customers get their answers from another model.",
}


@dataclass(frozen=True)
class Proposal:
    """What was filled in.

    Attributes
    ----------
    percent : of the customers, who are held out or get what is new
    other : surface or version that these get; empty for a hold-out
    surfaces : that the experiment is about; empty for all
    """

    name: str
    design: Design
    percent: int
    other: str = ""
    surfaces: Sequence[str] = ()
    comment: str = ""

    def record(self, now: datetime) -> ExperimentRecord:
        """The experiment; the store draws its bounds, and refuses a name that cannot be one.

        Raises
        ------
        SettingsError
            There is no name, or nothing differs between the variants.
        """
        if not self.name:
            raise SettingsError(
                "The experiment has no name", remedy="Use a to z, 0 to 9 and hyphens, such as holdout-spring."
            )
        return ExperimentRecord(
            self.name, self._variants(), (), now, surfaces=tuple(self.surfaces), comment=self.comment.strip()
        )

    def _variants(self) -> Sequence[VariantRecord]:
        share = self.percent / 100
        rest = round(1 - share, 2)
        if self.design is Design.HOLDOUT:
            return VariantRecord(HOLDOUT, share, is_holdout=True), VariantRecord(SHOWN, rest)
        if not self.other:
            raise SettingsError(
                "Nothing differs between the variants",
                remedy="Choose the surface or the model that some customers get.",
            )
        if list(self.surfaces) == [self.other]:
            raise SettingsError(
                "Nothing differs between the variants: the surface would be replaced by itself",
                remedy="Choose another one, or make the experiment about other surfaces.",
            )
        surface, model = (self.other, "") if self.design is Design.SURFACES else ("", self.other)
        return VariantRecord(CONTROL, rest), VariantRecord(CHANGED, share, surface, model)

    @property
    def consequence(self) -> str:
        """What starting it does, in sentences."""
        where = text.names([surface.replace("_", " ") for surface in self.surfaces], "all surfaces")
        gets = {
            Design.HOLDOUT: "are shown no recommendations",
            Design.SURFACES: f"get {self.other.replace('_', ' ') or 'another surface'} instead of what is asked for",
            Design.MODELS: f"get the answers of model {self.other or 'to be chosen'}",
        }[self.design]
        return (
            f"From now on {self.percent}{text.NARROW_SPACE}% of the customers {gets} on {where}, until you end it; "
            "servers know it after a minute. Which customers follows from the experiment's name and their ids, and "
            "stays the same. Visitors whom nobody knows take no part. The first figures come in about a week."
        )

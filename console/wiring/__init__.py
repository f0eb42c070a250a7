"""From settings to adapters: the settings of a process make one `Profile`, an `Embedded` or a `Deployed`.

The only package that names concrete adapters. Importing it loads none of them: a profile imports what it is asked for.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from types import ModuleType
from typing import TYPE_CHECKING, Protocol

from console import settings
from console.settings import Settings

if TYPE_CHECKING:
    from datetime import date

    from starlette.routing import Route

    from console.asking.scope import Scope
    from console.aws.paid import PaidClient
    from console.budgets.budget_file import BudgetFile
    from console.budgets.budgets import BudgetSource
    from console.budgets.forecasting.aws_anomalies import AwsAnomaly
    from console.decisions import DecisionStore
    from console.finops.billing.cost_explorer import CostExplorer
    from console.finops.billing.stored_spend import StoredSpend
    from console.finops.pricing.price_list import PriceList
    from console.live.source import LiveSource
    from console.metering import Asker
    from console.recommendations.source import RecommendationSource
    from console.savings.inventory import InventorySource
    from console.unit_costs.allocation import Allocation

_LOCK = threading.RLock()  # readers open pages at once
_given: list[Profile] = []


class Server(Protocol):
    """What the server of the pages starts and stops beside them."""

    def start(self) -> str | None:
        """Start it; what failed, in a sentence, or None."""

    def stop(self) -> None:
        """Stop it, with everything it still holds."""


class Profile(ABC):
    """The adapters of one process, made when they are first asked for and shared by everyone in the process.

    What a member is, is said here; `Embedded` and `Deployed` add only where theirs differs.

    Attributes
    ----------
    settings : those that this profile was made from
    has_aws_anomalies : whether AWS can be asked for the anomalies it found itself
    """

    has_aws_anomalies = False

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @abstractmethod
    def scope(self) -> Scope:
        """What a viewer of this console can ask.

        Raises
        ------
        LakeMissing
            There is no lake at the folder named.
        CatalogueError
            A query file drifted.
        """

    @property
    @abstractmethod
    def live(self) -> LiveSource:
        """What is happening right now."""

    @property
    @abstractmethod
    def recommendations(self) -> RecommendationSource:
        """The models of recommendations, and what they answer.

        Raises
        ------
        SettingsError
            No setting says where they are.
        """

    @property
    @abstractmethod
    def decisions(self) -> DecisionStore:
        """What people decided about what was found."""

    @property
    @abstractmethod
    def budgets(self) -> BudgetSource:
        """Where budgets are kept: a file in the lake folder, or AWS Budgets."""

    @property
    def budget_file(self) -> BudgetFile | None:
        """The budgets that can be edited here; None where AWS keeps them."""
        return None

    def aws_anomalies(self, asker: Asker) -> Sequence[AwsAnomaly]:  # noqa: ARG002 - there may be nobody to ask
        """The anomalies of AWS Cost Anomaly Detection; each page of the answer costs money.

        Raises
        ------
        SourceError
            AWS did not answer.
        """
        return ()

    def allocation(self) -> Allocation:
        """How costs are given to business functions: the lake's own file where it has one, else the one that ships.

        Raises
        ------
        SettingsError
            The file says something that cannot be used; names the line.
        """
        from console.unit_costs.allocation_file import of_lake

        return of_lake(self.settings.lake)

    @abstractmethod
    def inventory(self, scope: Scope) -> InventorySource:
        """The resources behind this lake and their use; of the sample year those that its bill is for."""

    @abstractmethod
    def stored_spend(self) -> StoredSpend:
        """The bills in the lake folder.

        Raises
        ------
        SourceError
            The lake is a deployment's, whose bills arrive by its own data export.
        """

    @abstractmethod
    def cost_explorer(self, *, today: date, months: int, tag: str | None = None) -> tuple[CostExplorer, PaidClient]:
        """Cost Explorer over the last bills, with the client that counts its requests; raises as `stored_spend`."""

    @abstractmethod
    def price_list(self) -> PriceList:
        """The provider's own price list."""

    @property
    @abstractmethod
    def server(self) -> Server:
        """The write side, where this process runs it."""

    @abstractmethod
    def routes(self) -> list[Route]:
        """The addresses that this process serves beside the pages."""


def profile(chosen: Settings | None = None) -> Profile:
    """The profile of these settings, else of this process; the same object for the same settings.

    Raises
    ------
    SettingsError
        A variable has a value that cannot be used.
    """
    with _LOCK:
        if chosen is None and _given:
            return _given[-1]
        return _made(chosen or settings.current())


@lru_cache(maxsize=8)
def _made(chosen: Settings) -> Profile:
    if chosen.aws is not None:
        from console.wiring.deployed import Deployed

        return Deployed(chosen, chosen.aws)
    from console.wiring.embedded import Embedded

    return Embedded(chosen)


def on_lake(folder: str | None) -> Profile:
    """The profile of this process, on the lake folder that a command names, if any; raises as `profile`."""
    if folder is None:
        return profile()
    return profile(replace(settings.current(), lake=settings.folder(folder, "--lake")))


def sample_lakes() -> ModuleType:
    """`console.wiring.samples`, imported now."""
    from console.wiring import samples

    return samples


def viewer() -> Scope:
    """What the viewer of a page can ask, by the settings of this process; raises as `profile` and `Profile.scope`."""
    return profile().scope()


@contextmanager
def using(given: Profile) -> Iterator[None]:
    """Use this profile in place of the one of the process, in every thread, until the block ends."""
    _given.append(given)
    try:
        yield
    finally:
        _given.remove(given)


def forget() -> None:
    """Drop the settings that were read and every profile, for tests."""
    settings.current.cache_clear()
    _made.cache_clear()

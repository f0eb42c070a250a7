"""Settings → adapters: the only module that names concrete adapters. Heavy imports happen here, lazily."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from catalogue.binding import RowFilter
from catalogue.queries import load
from console.asking.cache import ResultCache
from console.asking.engines import SqlEngine
from console.asking.scope import Scope
from console.settings import Settings, read
from console.wiring.aws import deployment
from console.wiring.finops import aws_finops

if TYPE_CHECKING:
    from console.aws.paid import PaidClient
    from console.budgets.budget_file import BudgetFile
    from console.budgets.budgets import BudgetSource
    from console.budgets.forecasting.aws_anomalies import AwsAnomaly
    from console.decisions import DecisionStore
    from console.finops.billing.cost_explorer import CostExplorer
    from console.finops.billing.stored import StoredSpend
    from console.finops.pricing.price_list import PriceList
    from console.live.source import LiveSource
    from console.metering import Asker, Meter
    from console.savings.inventory import InventorySource
    from console.unit_costs.allocation import Allocation
    from pipeline.embedded.platform import Platform
    from pipeline.live.store import LiveStore


@lru_cache(maxsize=8)
def _shared(settings: Settings) -> tuple[SqlEngine, ResultCache]:
    """One engine and one cache for everyone in the process."""
    from console.asking.engines.duckdb import DuckDbEngine

    return DuckDbEngine(settings.lake), ResultCache()


@lru_cache(maxsize=8)
def _meter(settings: Settings) -> Meter:
    """One meter for everyone in the process; what a killed one left is kept first."""
    from console.metering.buffered import BufferedMeter
    from console.metering.closing import close_days
    from console.metering.folder import FolderCalls
    from console.metering.journal import FOLDER, Journal

    calls, journal = FolderCalls(settings.lake), Journal(settings.lake / FOLDER)

    def upkeep() -> None:
        journal.recover(calls)
        close_days(calls.files, datetime.now(UTC), keep_days=settings.call_days, held=journal.days())

    with suppress(OSError):  # a lake that can only be read is shown all the same
        journal.recover(calls)
    return BufferedMeter(calls.keep, journal=journal, upkeep=upkeep)


@lru_cache(maxsize=8)
def _live_store(lake: Path, currency: str) -> LiveStore:
    """One live store for the pages and the platform of this process."""
    from pipeline.live.embedded import EmbeddedLiveStore

    return EmbeddedLiveStore(lake / "live" / "live.sqlite", currency)


@lru_cache(maxsize=8)
def _live_source(settings: Settings) -> LiveSource:
    from console.live.stored import StoredLive
    from pipeline.lake import Lake

    return StoredLive(lambda: _live_store(settings.lake, Lake.open(settings.lake).settings.reporting_currency))


def live_source() -> LiveSource:
    """What is happening right now, by the settings of this process."""
    settings = read()
    return _live_source(settings) if settings.aws is None else deployment(settings.aws).live


def decisions(settings: Settings | None = None) -> DecisionStore:
    """What people decided about what was found, by the settings given, else by those of this process."""
    from console.decisions.embedded import EmbeddedDecisionStore

    chosen = settings or read()
    if chosen.aws is not None:
        return deployment(chosen.aws).decisions
    return EmbeddedDecisionStore(chosen.lake / "decisions" / "decisions.sqlite")


def budgets(settings: Settings | None = None) -> BudgetSource:
    """Where budgets are kept: the file in the lake folder, or AWS Budgets."""
    from console.budgets.budget_file import BudgetFile

    chosen = settings or read()
    return BudgetFile(chosen.lake) if chosen.aws is None else aws_finops(chosen.aws).budgets


def budget_file() -> BudgetFile | None:
    """The budgets that can be edited here; None where AWS keeps them."""
    from console.budgets.budget_file import BudgetFile

    chosen = read()
    return BudgetFile(chosen.lake) if chosen.aws is None else None


def has_aws_anomalies() -> bool:
    """Whether AWS can be asked what it found itself."""
    return read().aws is not None


def aws_anomalies(asker: Asker) -> Sequence[AwsAnomaly]:
    """What AWS Cost Anomaly Detection found; one paid request a page. Raises SourceError, as its client says."""
    chosen = read()
    return () if chosen.aws is None else aws_finops(chosen.aws).anomalies(asker)


def allocation(settings: Settings | None = None) -> Allocation:
    """How costs are given to business functions: the lake's own file where it has one, else the one that ships.

    Raises
    ------
    SettingsError
        The file says something that cannot be used; names the line.
    """
    from console.unit_costs.allocation_file import of_lake

    return of_lake((settings or read()).lake)


def price_list() -> PriceList:
    """The provider's own price list, asked as whoever is signed in.

    Raises
    ------
    SourceError
        Boto3 is not installed here.
    """
    from catalogue.errors import SourceError
    from console.finops.pricing.price_list import ENDPOINT_REGION, PriceList

    try:
        import boto3
    except ImportError as error:
        raise SourceError(
            "Boto3 is not installed", where="prices refresh", remedy="Install requirements-aws.txt, then try again."
        ) from error
    return PriceList(boto3.client("pricing", region_name=ENDPOINT_REGION))


def inventory(scope: Scope, settings: Settings | None = None) -> InventorySource:
    """The resources behind this lake and their use; of the sample year those that its bill is for."""
    chosen = settings or read()
    if chosen.aws is not None:
        return deployment(chosen.aws).inventory(scope.asker)
    return _embedded_inventory(chosen, scope.data_version)


@lru_cache(maxsize=8)
def _embedded_inventory(settings: Settings, version: str) -> InventorySource:  # noqa: ARG001 - a new lake is read anew
    from console.savings import answer as savings
    from console.savings.cached import CachedInventory
    from console.savings.embedded import EmbeddedInventory

    whole = scope(replace(settings, regions=None))
    return CachedInventory(
        EmbeddedInventory(settings.lake, (lambda: savings.billed_usage(whole)[0]) if whole.is_sample else None)
    )


def stored_spend(settings: Settings) -> StoredSpend:
    """The bills in the lake of these settings.

    Raises
    ------
    SourceError
        The lake is a deployment's, whose bills arrive by its own data export.
    """
    from catalogue.errors import SourceError
    from console.finops.billing.stored import StoredSpend

    if settings.aws is not None:
        raise SourceError(
            "The bills of a deployment arrive by its FOCUS data export",
            where="TAKINGS_PROFILE",
            remedy="Run this command with TAKINGS_PROFILE=embedded and a lake folder.",
        )
    return StoredSpend(settings.lake)


def cost_explorer(
    settings: Settings, *, today: date, months: int, tag: str | None = None
) -> tuple[CostExplorer, PaidClient]:
    """Cost Explorer over the last bills, asked as whoever is signed in; every request is told to the meter.

    Raises
    ------
    SourceError
        Boto3 is not installed here.
    """
    from console.finops.billing import cost_explorer as source

    client = paid_client("ce", "Cost Explorer", "cost_explorer.request", settings)
    start, end = source.snapshot_period(today, months)
    return source.CostExplorer(client, start=start, end=end, tag=tag), client


def paid_client(api: str, service: str, price: str, settings: Settings | None = None) -> PaidClient:
    """A metered client of one AWS interface; `price` is its key in the price book.

    Raises
    ------
    SourceError
        Boto3 is not installed here.
    """
    from catalogue.errors import SourceError
    from console.aws.paid import PaidClient
    from console.finops.pricing.price_book import load as price_book

    try:
        import boto3
    except ImportError as error:
        raise SourceError(
            "Boto3 is not installed", where=service, remedy="Install requirements-aws.txt, then try again."
        ) from error
    client = boto3.client(api, region_name="us-east-1")  # Cost Explorer and Budgets have this one endpoint
    chosen = settings or read()
    paid_to = _meter(chosen) if chosen.aws is None else deployment(chosen.aws).meter
    return PaidClient(client, paid_to, price_book().price(price).amount, service)


def platform(settings: Settings) -> Platform:
    """The write path on the lake of these settings; the lake is made where there is none.

    Raises
    ------
    LakeError
        The folder holds something else, or cannot be written.
    """
    from pipeline.embedded.platform import Platform, PlatformOptions
    from pipeline.lake import Lake

    lake = Lake.create(settings.lake)
    live = _live_store(settings.lake, lake.settings.reporting_currency)
    return Platform(lake, live=live, options=PlatformOptions(origins=settings.origins))


def viewer() -> Scope:
    """What whoever opens a page can ask, by the settings of this process; raises as `scope` does."""
    return scope(read())


def scope(settings: Settings) -> Scope:
    """What a viewer of this console can ask. Engine and cache are shared by everyone in the process.

    Raises
    ------
    LakeMissing
        There is no lake at the folder named.
    CatalogueError
        A query file drifted.
    """
    if settings.aws is not None:
        return replace(deployment(settings.aws).scope(settings.regions), country=settings.country)
    from console.asking.engines.duckdb import opened

    lake = opened(settings.lake)
    engine, cache = _shared(settings)
    return Scope(
        engines={"lake": engine, "warehouse": engine},
        catalogue=load(),
        cache=cache,
        reporting_currency=lake.settings.reporting_currency,
        reporting_time_zone=lake.settings.reporting_time_zone,
        row_filter=RowFilter(settings.regions),
        is_sample=lake.is_sample,
        country=settings.country,
        meter=_meter(settings),
    )

"""The ``embedded`` profile: one process on a lake folder, with no account and no network."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from catalogue.binding import RowFilter
from catalogue.errors import SourceError
from catalogue.queries import load
from console.asking.cache import ResultCache
from console.asking.engines import SqlEngine
from console.asking.scope import Scope
from console.settings import Settings
from console.wiring import Profile
from console.wiring.once import made_once

if TYPE_CHECKING:
    from starlette.routing import Route

    from console.aws.paid import PaidClient
    from console.budgets.budget_file import BudgetFile
    from console.budgets.budgets import BudgetSource
    from console.decisions import DecisionStore
    from console.finops.billing.cost_explorer import CostExplorer
    from console.finops.billing.stored_spend import StoredSpend
    from console.finops.pricing.price_list import PriceList
    from console.live.source import LiveSource
    from console.metering import Meter
    from console.recommendations.source import RecommendationSource
    from console.savings.inventory import InventorySource
    from pipeline.embedded.hosted import HostedPlatform
    from pipeline.embedded.platform import Platform
    from pipeline.embedded.training import NightlyTraining
    from pipeline.live.store import SkippingLiveStore
    from pipeline.recommend.models.embedded import EmbeddedModelStore


class Embedded(Profile):
    """The profile of one process on a lake folder."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._lock = threading.Lock()
        self._inventory: tuple[str, InventorySource] | None = None

    def scope(self) -> Scope:
        from console.asking.engines.duckdb import opened

        lake = opened(self.settings.lake)
        return Scope(
            engines=self._engines,
            catalogue=load(),
            cache=self._cache,
            reporting_currency=lake.settings.reporting_currency,
            reporting_time_zone=lake.settings.reporting_time_zone,
            row_filter=RowFilter(self.settings.regions),
            is_sample=lake.is_sample,
            country=self.settings.country,
            meter=self.meter,
        )

    @made_once
    def _engines(self) -> Mapping[str, SqlEngine]:
        from console.asking.engines.duckdb import DuckDbEngine

        engine = DuckDbEngine(self.settings.lake)
        return {"lake": engine, "warehouse": engine}

    @made_once
    def _cache(self) -> ResultCache:
        return ResultCache()

    @made_once
    def meter(self) -> Meter:
        """Keeps the console's own calls in the lake folder; what a killed process left in its journal comes first."""
        from console.metering.buffered import BufferedMeter
        from console.metering.compaction import compact_days
        from console.metering.folder import FolderCalls
        from console.metering.journal import FOLDER, Journal

        calls, journal = FolderCalls(self.settings.lake), Journal(self.settings.lake / FOLDER)
        days = self.settings.call_days  # not the profile: the meter's thread would keep its database open to the end

        def upkeep() -> None:
            journal.recover(calls)
            compact_days(calls.files, datetime.now(UTC), keep_days=days, held=journal.days())

        with suppress(OSError):  # a lake that can only be read is shown all the same
            journal.recover(calls)
        return BufferedMeter(calls.keep, journal=journal, upkeep=upkeep)

    @made_once
    def live(self) -> LiveSource:
        from console.live.stored import StoredLive
        from pipeline.streams.checkpoints import STREAM

        return StoredLive(lambda: self._live_store, log=self.settings.lake / STREAM)

    @made_once
    def _live_store(self) -> SkippingLiveStore:
        """One store for the pages and the write side."""
        from pipeline.lake import Lake
        from pipeline.live.embedded import FILE, EmbeddedLiveStore
        from pipeline.recommend.customers.opted_out import OptedOutList, everybody
        from pipeline.recommend.models.embedded import FILE as RECOMMENDATIONS
        from pipeline.recommend.models.embedded import SqliteItems

        lake = self.settings.lake
        settings = Lake.open(lake).settings
        refuses: Callable[[str], bool] = everybody  # the platform says why it is unknown
        with suppress(SourceError):
            refuses = OptedOutList(SqliteItems(lake / RECOMMENDATIONS), renew_after=1.0).refuses
        return EmbeddedLiveStore(
            lake / FILE,
            settings.reporting_currency,
            confirm_public_orders=settings.confirm_public_orders,
            refuses=refuses,
        )

    @made_once
    def recommendations(self) -> RecommendationSource:
        """From the stores of the platform where it runs in this process."""
        from console.recommendations.stored import StoredRecommendations
        from console.recommendations.stored_trainings import LakeTrainings

        def training() -> NightlyTraining | None:
            running = self.server.recommending
            return running.training if running is not None else None

        def models() -> EmbeddedModelStore:
            running = self.server.recommending
            return self._models if running is None or running.models is None else running.models

        return StoredRecommendations(models, lambda: self._live_store, LakeTrainings(self.settings.lake, training))

    @made_once
    def _models(self) -> EmbeddedModelStore:
        """The models for a console without a platform."""
        from pipeline.lake import Lake
        from pipeline.recommend.models.embedded import FILE, EmbeddedModelStore

        return EmbeddedModelStore(Lake.open(self.settings.lake).root / FILE)

    @made_once
    def decisions(self) -> DecisionStore:
        from console.decisions.embedded import EmbeddedDecisionStore

        return EmbeddedDecisionStore(self.settings.lake / "decisions" / "decisions.sqlite")

    @made_once
    def budget_file(self) -> BudgetFile:
        from console.budgets.budget_file import BudgetFile

        return BudgetFile(self.settings.lake)

    @property
    def budgets(self) -> BudgetSource:
        return self.budget_file

    def inventory(self, scope: Scope) -> InventorySource:
        """Read anew when the lake has changed."""
        from console.savings import answer as savings
        from console.savings.cached import CachedInventory
        from console.savings.embedded import EmbeddedInventory

        version = scope.data_version
        with self._lock:
            if self._inventory is None or self._inventory[0] != version:
                every_region = replace(self.scope(), row_filter=RowFilter())
                bill = (lambda: savings.billed_usage(every_region)[0]) if every_region.is_sample else None
                self._inventory = version, CachedInventory(EmbeddedInventory(self.settings.lake, bill))
            return self._inventory[1]

    def stored_spend(self) -> StoredSpend:
        from console.finops.billing.stored_spend import StoredSpend

        return StoredSpend(self.settings.lake)

    def cost_explorer(self, *, today: date, months: int, tag: str | None = None) -> tuple[CostExplorer, PaidClient]:
        """Asked as whoever is signed in to AWS."""
        from console.aws.clients import connect
        from console.aws.paid import PaidClient
        from console.finops.billing.cost_explorer import CostExplorer, snapshot_period
        from console.finops.pricing.price_book import load as price_book

        price = price_book().price("cost_explorer.request").amount
        client = PaidClient(connect("us-east-1").client("ce"), self.meter, price, "Cost Explorer")
        start, end = snapshot_period(today, months)
        return CostExplorer(client, start=start, end=end, tag=tag), client

    def price_list(self) -> PriceList:
        """Asked as whoever is signed in to AWS."""
        from console.aws.clients import connect
        from console.finops.pricing.price_list import ENDPOINT_REGION, PriceList

        return PriceList(connect(ENDPOINT_REGION).client("pricing"))

    @made_once
    def server(self) -> HostedPlatform:
        from pipeline.embedded.hosted import HostedPlatform

        return HostedPlatform(self._platform, traffic=self.settings.traffic)

    def _platform(self) -> Platform:
        """The write path; raises LakeMissing where there is no lake."""
        from pipeline.embedded.pacing import PlatformOptions
        from pipeline.embedded.platform import Platform
        from pipeline.lake import Lake

        lake = Lake.open(self.settings.lake)
        options = PlatformOptions(origins=self.settings.origins, training=self.settings.training)
        return Platform(lake, live=self._live_store, options=options)

    def routes(self) -> list[Route]:
        """The addresses of the collector and of recommendations, and those that say whether it is well."""
        from pipeline.collecting import http as collecting
        from pipeline.recommend.serving import http as recommending

        described = recommending.described()
        return [*collecting.routes(self.server, self.settings.origins, described), *recommending.routes(self.server)]

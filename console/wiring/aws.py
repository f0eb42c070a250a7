"""The adapters of the ``aws`` profile: Athena, Redshift, DynamoDB, S3. No DuckDB, and no lake folder.

Called by `console.wiring` alone; clients, engines and the cache are shared by everyone in the process.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from catalogue.binding import RowFilter
from catalogue.queries import load
from console.asking.cache import ResultCache
from console.asking.engines import SqlEngine
from console.asking.engines.curated_state import CuratedState
from console.asking.scope import Scope
from console.aws.clients import SharedClients, calling
from console.aws.settings import AwsSettings

if TYPE_CHECKING:
    from decimal import Decimal

    from console.decisions import DecisionStore
    from console.live.source import LiveSource
    from console.metering import Asker, Meter
    from console.savings.aws import AwsInventory
    from console.savings.cached import CachedInventory
    from console.savings.inventory import InventorySource

STALE_SECONDS = 900.0  # an answer that a curation overtook is served that long while the new one is asked for
_MAKING = threading.RLock()  # readers open pages at once; each part is made for all of them
QUESTIONS_AT_ONCE = 24  # of all readers of this process; Athena queues what is above its own quota


@dataclass(frozen=True)
class Deployment:
    """What one process uses of a deployment; each part is made when it is first asked for."""

    settings: AwsSettings

    @cached_property
    def clients(self) -> SharedClients:
        """Clients of the deployment's region, with the credentials of this process."""
        import boto3

        with calling("AWS", "AWS_PROFILE"):  # a profile that is named and not there
            return SharedClients(boto3.Session(region_name=self.settings.region))

    @cached_property
    def cache(self) -> ResultCache:
        """Answers, shared by all readers."""
        return ResultCache(stale_seconds=STALE_SECONDS, workers=QUESTIONS_AT_ONCE)

    @cached_property
    def engines(self) -> dict[str, SqlEngine]:
        """The engine by a query's ``source``; without a warehouse Athena answers all."""
        from console.asking.engines.athena import AthenaEngine

        chosen = self.settings
        state = CuratedState(self.clients.client("s3"), chosen.lake_bucket, chosen.lake_prefix)
        athena = AthenaEngine(
            self.clients,
            workgroup=chosen.athena_workgroup,
            database=chosen.database,
            results=chosen.athena_results,
            state=state,
            price_per_terabyte=self._price("athena.scanned_terabyte"),
        )
        if chosen.redshift_workgroup is None or chosen.redshift_database is None:
            return {"lake": athena, "warehouse": athena}
        from console.asking.engines.redshift import RedshiftEngine

        redshift = RedshiftEngine(
            self.clients,
            workgroup=chosen.redshift_workgroup,
            database=chosen.redshift_database,
            state=state,
            base_rpus=chosen.redshift_base_rpus,
            price_per_rpu_hour=self._price("redshift.rpu_hour"),
        )
        return {"lake": athena, "warehouse": redshift}

    @cached_property
    def live(self) -> LiveSource:
        """What is happening right now, from the live table."""
        from console.live.stored import StoredLive
        from pipeline.live.dynamodb import DynamoDbLiveStore

        chosen = self.settings
        return StoredLive(
            lambda: DynamoDbLiveStore(self.clients.client("dynamodb"), chosen.live_table, chosen.reporting_currency)
        )

    @cached_property
    def decisions(self) -> DecisionStore:
        """What people decided, from the decisions table."""
        from console.decisions.dynamodb import DynamoDbDecisionStore

        return DynamoDbDecisionStore(self.clients.client("dynamodb"), self.settings.decisions_table)

    def inventory(self, asker: Asker) -> InventorySource:
        """The account's resources and their use, read once a day; what that costs is told with who asked that day."""
        whole, kept = self._inventory
        return kept.read_by(replace(whole, charges=replace(whole.charges, asker=asker)))

    @cached_property
    def _inventory(self) -> tuple[AwsInventory, CachedInventory]:
        import boto3

        from console.savings.aws import AwsInventory
        from console.savings.aws.charges import PRICES, Charges
        from console.savings.aws.reading import RegionalClients
        from console.savings.cached import CachedInventory

        chosen = self.settings
        whole = AwsInventory(
            RegionalClients(boto3.Session(region_name=chosen.region)),
            chosen.region,
            buckets=(chosen.lake_bucket,),
            database=chosen.database,
            workgroups=(chosen.athena_workgroup,),
            charges=Charges(self.meter, {key: self._price(key) for key in sorted(set(PRICES.values()))}),
        )
        return whole, CachedInventory(whole)

    @cached_property
    def meter(self) -> Meter:
        """Keeps the console's own calls in the lake's bucket."""
        from console.metering.bucket import BucketCalls
        from console.metering.buffered import BufferedMeter
        from console.metering.closing import close_days

        chosen = self.settings
        calls = BucketCalls(self.clients.client("s3"), chosen.lake_bucket, chosen.lake_prefix)
        # Athena lists objects before it reads them: one that was written anew meanwhile would fail the query
        return BufferedMeter(
            calls.keep,
            grows=False,
            upkeep=lambda: close_days(calls.files, datetime.now(UTC), keep_days=chosen.call_days),
        )

    def scope(self, regions: tuple[str, ...] | None) -> Scope:
        """What a viewer of these regions can ask."""
        with _MAKING:
            engines, cache, meter = self.engines, self.cache, self.meter
        return Scope(
            engines=engines,
            catalogue=load(),
            cache=cache,
            reporting_currency=self.settings.reporting_currency,
            reporting_time_zone=self.settings.reporting_time_zone,
            row_filter=RowFilter(regions),
            meter=meter,
        )

    def _price(self, key: str) -> Decimal | None:
        """Dollars for a unit; None where the price book does not know it for this region."""
        from console.finops.pricing import price_book

        return price_book.load().price(key, self.settings.region).amount


@lru_cache(maxsize=8)
def deployment(settings: AwsSettings) -> Deployment:
    """One deployment's parts for everyone in the process."""
    return Deployment(settings)

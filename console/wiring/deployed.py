"""The ``aws`` profile: Athena, Redshift, DynamoDB, S3 and the account's own billing. No DuckDB, and no lake folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from catalogue.binding import RowFilter
from catalogue.errors import SettingsError, SourceError
from catalogue.queries import load
from console.asking.cache import ResultCache
from console.asking.engines import SqlEngine
from console.asking.engines.curated_state import CuratedState
from console.asking.scope import Scope
from console.aws.clients import SharedClients, connect
from console.aws.settings import AwsSettings
from console.settings import Settings
from console.wiring import Profile
from console.wiring.once import made_once

if TYPE_CHECKING:
    from decimal import Decimal

    from starlette.routing import Route

    from console.aws.paid import PaidClient
    from console.budgets.budgets import BudgetSource
    from console.budgets.forecasting.aws_anomalies import AwsAnomaly
    from console.decisions import DecisionStore
    from console.finops.billing.cost_explorer import CostExplorer
    from console.finops.billing.stored_spend import StoredSpend
    from console.finops.pricing.price_list import PriceList
    from console.live.source import LiveSource
    from console.metering import Asker, Meter
    from console.recommendations.source import RecommendationSource
    from console.savings.aws import AwsInventory
    from console.savings.cached import CachedInventory
    from console.savings.inventory import InventorySource

STALE_SECONDS = 900.0  # an answer that a curation overtook is served that long while the new one is asked for
QUESTIONS_AT_ONCE = 24  # of all readers of this process; Athena queues what is above its own quota
HEALTH = ("/healthz", "/readyz")
TRAINING_JOB = (
    "The job train learns each night. Now: `aws stepfunctions start-execution --state-machine-arn <LakeJobs>"
    ' --input \'{"job": "train"}\'`; LakeJobs is an output of the stack of the lake.'
)


class NothingToStart:
    """The server of a deployment: its write side runs in Lambdas, so pages can be served at once."""

    collector = None

    def unready(self) -> str | None:
        return None

    def start(self) -> str | None:
        return None

    def stop(self) -> None:
        pass


class Deployed(Profile):
    """The profile of a deployment."""

    has_aws_anomalies = True
    server = NothingToStart()

    def __init__(self, settings: Settings, aws: AwsSettings) -> None:
        super().__init__(settings)
        self._aws = aws

    @made_once
    def clients(self) -> SharedClients:
        """Clients of the deployment's region, with the credentials of this process."""
        return connect(self._aws.region)

    def scope(self) -> Scope:
        return Scope(
            engines=self._engines,
            catalogue=load(),
            cache=self._cache,
            reporting_currency=self._aws.reporting_currency,
            reporting_time_zone=self._aws.reporting_time_zone,
            row_filter=RowFilter(self.settings.regions),
            country=self.settings.country,
            meter=self.meter,
        )

    @made_once
    def _cache(self) -> ResultCache:
        return ResultCache(stale_seconds=STALE_SECONDS, workers=QUESTIONS_AT_ONCE)

    @made_once
    def _engines(self) -> Mapping[str, SqlEngine]:
        """The engine by a query's ``source``; without a warehouse Athena answers all."""
        from console.asking.engines.athena import AthenaEngine

        aws, s3 = self._aws, self.clients.client("s3")
        athena = AthenaEngine(
            self.clients,
            workgroup=aws.athena_workgroup,
            database=aws.database,
            results=aws.athena_results,
            state=CuratedState(s3, aws.lake_bucket, aws.lake_prefix),
            price_per_terabyte=self._price("athena.scanned_terabyte"),
        )
        if aws.redshift_workgroup is None or aws.redshift_database is None:
            return {"lake": athena, "warehouse": athena}
        from catalogue.warehouse import LOADED_STATE
        from console.asking.engines.redshift import RedshiftEngine
        from console.asking.engines.standby import WithStandby

        redshift = RedshiftEngine(
            self.clients,
            workgroup=aws.redshift_workgroup,
            database=aws.redshift_database,
            state=CuratedState(s3, aws.lake_bucket, aws.lake_prefix, key=LOADED_STATE),  # it is loaded after curation
            base_rpus=aws.redshift_base_rpus,
            price_per_rpu_hour=self._price("redshift.rpu_hour"),
        )
        return {"lake": athena, "warehouse": WithStandby(redshift, athena)}

    def _price(self, key: str, region: str | None = None) -> Decimal | None:
        """Dollars for a unit; None where the price book does not know it for this region."""
        from console.finops.pricing import price_book

        return price_book.load().price(key, region or self._aws.region).amount

    @made_once
    def meter(self) -> Meter:
        """Keeps the console's own calls in the lake's bucket."""
        from console.metering.bucket import BucketCalls
        from console.metering.buffered import BufferedMeter
        from console.metering.compaction import compact_days

        calls = BucketCalls(self.clients.client("s3"), self._aws.lake_bucket, self._aws.lake_prefix)
        # Athena lists objects before it reads them: one that was written anew meanwhile would fail the query
        return BufferedMeter(
            calls.keep,
            grows=False,
            upkeep=lambda: compact_days(calls.files, datetime.now(UTC), keep_days=self.settings.call_days),
        )

    @made_once
    def live(self) -> LiveSource:
        from console.live.stored import StoredLive
        from pipeline.live.dynamodb import DynamoDbLiveStore

        aws = self._aws
        return StoredLive(
            lambda: DynamoDbLiveStore(self.clients.client("dynamodb"), aws.live_table, aws.reporting_currency)
        )

    @made_once
    def recommendations(self) -> RecommendationSource:
        from console.recommendations.stored import StoredRecommendations
        from console.recommendations.stored_trainings import NoTrainings
        from pipeline.live.dynamodb import DynamoDbLiveStore
        from pipeline.recommend.models.dynamodb import DynamoDbModelStore

        aws, client = self._aws, self.clients.client("dynamodb")
        if aws.recommendations_table is None:
            raise SettingsError(
                "No table of recommendations is named",
                where="TAKINGS_RECOMMENDATIONS_TABLE",
                remedy="The deployment's outputs name it.",
            )
        models = DynamoDbModelStore(client, aws.recommendations_table)
        live = DynamoDbLiveStore(client, aws.live_table, aws.reporting_currency)
        return StoredRecommendations(lambda: models, lambda: live, NoTrainings(TRAINING_JOB))

    @made_once
    def decisions(self) -> DecisionStore:
        from console.decisions.dynamodb import DynamoDbDecisionStore

        return DynamoDbDecisionStore(self.clients.client("dynamodb"), self._aws.decisions_table)

    @made_once
    def budgets(self) -> BudgetSource:
        """The budgets of the account that this process runs in."""
        from console.budgets.account import AccountBudgets, KeptBudgets

        return KeptBudgets(AccountBudgets(self.clients))

    def aws_anomalies(self, asker: Asker) -> Sequence[AwsAnomaly]:
        """The anomalies of the last 90 days."""
        from console.aws.paid import PaidClient
        from console.budgets.account import BILLING_REGION
        from console.budgets.forecasting.aws_anomalies import found_by_aws

        price = self._price("cost_explorer.request", BILLING_REGION)
        client = self.clients.client("ce", BILLING_REGION)
        paid = PaidClient(client, self.meter, price, "Cost Explorer", asker=asker)
        return found_by_aws(paid, datetime.now(UTC).date())

    def inventory(self, scope: Scope) -> InventorySource:
        """Read once a day, and paid for by the asker who was first that day."""
        account, kept = self._inventory
        return kept.read_by(replace(account, charges=replace(account.charges, asker=scope.asker)))

    @made_once
    def _inventory(self) -> tuple[AwsInventory, CachedInventory]:
        from console.savings.aws import AwsInventory
        from console.savings.aws.charges import PRICES, RequestCharges
        from console.savings.cached import CachedInventory

        aws = self._aws
        account = AwsInventory(
            self.clients.client,
            aws.region,
            buckets=(aws.lake_bucket,),
            database=aws.database,
            workgroups=(aws.athena_workgroup,),
            charges=RequestCharges(self.meter, {key: self._price(key) for key in sorted(set(PRICES.values()))}),
        )
        return account, CachedInventory(account)

    def stored_spend(self) -> StoredSpend:
        raise _bills_arrive_by_export()

    def cost_explorer(self, **_: object) -> tuple[CostExplorer, PaidClient]:
        raise _bills_arrive_by_export()

    def price_list(self) -> PriceList:
        from console.finops.pricing.price_list import ENDPOINT_REGION, PriceList

        return PriceList(self.clients.client("pricing", ENDPOINT_REGION))

    def routes(self) -> list[Route]:
        """The addresses that say whether this process is well."""
        from pipeline.collecting.http import routes

        return [route for route in routes(self.server) if route.path in HEALTH]


def _bills_arrive_by_export() -> SourceError:
    return SourceError(
        "The bills of a deployment arrive by its FOCUS data export",
        where="TAKINGS_PROFILE",
        remedy="Run this command with TAKINGS_PROFILE=embedded and a lake folder.",
    )

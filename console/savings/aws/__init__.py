"""An AWS account as an inventory. Fills the `InventorySource` port.

Each service has its own module. A service that refuses or does not answer leaves its own facts unread, with the reason;
the others are read all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from catalogue.clock import utc_now
from catalogue.errors import SourceError
from console.asking.periods import Period
from console.savings.aws import (
    crawlers,
    firewall,
    functions,
    lake,
    logs,
    network,
    queries,
    recommendations,
    streams,
    tables,
    warehouse,
)
from console.savings.aws.charges import RequestCharges
from console.savings.aws.metrics import Metrics
from console.savings.aws.reading import Account, Clients, Collected, unread
from console.savings.facts import AthenaQuery, Bucket, StoredTable
from console.savings.inventory import Inventory, Read

DAYS = 14  # of use: CloudWatch keeps minutes for 15, and two weeks show every weekday twice
AT_ONCE = 4  # services asked side by side: their limits are their own, this machine's cores are not

T = TypeVar("T")


@dataclass(frozen=True)
class AwsInventory:
    """One region of an account.

    Attributes
    ----------
    clients : gives a boto3 client of (service, region)
    buckets, database, workgroups : the lake's: buckets to list, the Glue database, the Athena workgroups
    charges : how requests are metered, and what they cost
    """

    clients: Clients
    region: str
    buckets: Sequence[str] = ()
    database: str = ""
    workgroups: Sequence[str] = ()
    charges: RequestCharges = field(default_factory=RequestCharges)
    now: Callable[[], datetime] = utc_now

    def inventory(self) -> Inventory:
        """See `InventorySource.inventory`; never raises for one service alone."""
        now = self.now()
        period = Period(now.date() - timedelta(days=DAYS), now.date())
        account = Account(self.clients, self.region, period, self.charges)
        asked = Metrics(account)
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="inventory") as pool:
            parts: dict[str, Any] = {
                "streams": pool.submit(_read, "Kinesis streams", lambda: streams.read(account, asked)),
                "warehouses": pool.submit(_read, "Redshift workgroups", lambda: warehouse.read(account, asked)),
                "log_groups": pool.submit(_read, "log groups", lambda: logs.read(account)),
                "functions": pool.submit(_read, "Lambda functions", lambda: functions.read(account, asked)),
                "nat_gateways": pool.submit(_read, "NAT gateways", lambda: network.read(account, asked)),
                "web_acls": pool.submit(_read, "web ACLs", lambda: firewall.read(account, asked)),
                "crawlers": pool.submit(_read, "Glue crawlers", lambda: crawlers.read(account)),
                "capacity_tables": pool.submit(_read, "DynamoDB tables", lambda: tables.read(account, asked)),
                "recommendations": pool.submit(_read, "recommendations", lambda: recommendations.read(account)),
            }
            stored = self._lake(account, now)
            found = {name: part.result() for name, part in parts.items()}
        return Inventory(
            taken_at=now, period=period, region=self.region, origin=f"AWS {self.region}", **found, **stored
        )

    def _lake(self, account: Account, now: datetime) -> dict[str, Any]:
        """Buckets, tables in their files, and queries on them: each is read from the one before."""
        listings: list[lake.Listing] = []
        found: Collected[Bucket] = Collected()
        for name in self.buckets:
            with found.part(f"bucket {name}"):
                listings.append(lake.listed(account, name))
                bucket = lake.bucket(account, listings[-1], now)
                found.items += bucket.items
                found.missing += bucket.missing
        stored: Read[StoredTable] = _read("lake tables", lambda: lake.tables(account, self.database, listings))
        partitions = {table.name: table.partition for table in stored.items}
        asked: Read[AthenaQuery] = _read(
            "Athena's query log", lambda: queries.read(account, self.workgroups, partitions, self.database)
        )
        return {"buckets": found.read(), "stored_tables": stored, "queries": asked}


def _read(what: str, reading: Callable[[], Read[T]]) -> Read[T]:
    """What was read, or why it could not be."""
    try:
        return reading()
    except SourceError as error:
        return Read(missing=(unread(what, error),))

"""What a statement costs: Athena by bytes scanned, Redshift Serverless by processing units and seconds. Pure.

Sources: the pricing pages of Amazon Athena and of Amazon Redshift, *Billing for Amazon Redshift Serverless* in the
Redshift management guide. The prices themselves are given by the caller, who has them from the price book.
"""

from __future__ import annotations

import threading
from decimal import Decimal

MEGABYTE = 2**20
TERABYTE = 2**40  # AWS publishes no size for Athena; its usage reports count binary units for storage and scans
LEAST_MEGABYTES = 10  # Athena charges at least that much for a statement that scans
LEAST_BYTES = LEAST_MEGABYTES * 1_000_000  # the same for estimates, which count a megabyte as 10⁶ bytes
LEAST_SECONDS = Decimal(60)  # Redshift Serverless charges at least that long each time it wakes
HOUR = Decimal(3600)


def scan_price(bytes_scanned: int, price_per_terabyte: Decimal) -> Decimal:
    """Dollars that Athena takes for one statement: bytes rounded up to a megabyte, at least 10 MB, × price ÷ TB.

    A failed statement, and one whose result was reused, is free: the caller knows. A cancelled one is charged for what
    it had scanned.
    """
    megabytes = max(LEAST_MEGABYTES, -(-bytes_scanned // MEGABYTE))
    return price_per_terabyte * megabytes * MEGABYTE / TERABYTE


class CapacityClock:
    """Seconds that each statement adds to the bill of a warehouse that is charged while it is awake.

    Redshift Serverless is charged per second for as long as anything runs, at least 60 seconds each time it wakes,
    however many statements run at once. So a statement adds the seconds of its run that no earlier one was charged for,
    and one that wakes the warehouse adds 60 at least. Statements of other users of the workgroup are not seen: with
    them, the sum over all statements is above what this console really adds.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._paid_until = Decimal("-Infinity")

    def charge(self, started: Decimal, ended: Decimal) -> Decimal:
        """Seconds that a statement adds; instants in seconds of any one clock."""
        with self._lock:
            if started > self._paid_until:
                until = max(ended, started + LEAST_SECONDS)
                added = until - started
            else:
                until = max(ended, self._paid_until)
                added = until - self._paid_until
            self._paid_until = until
            return added


def capacity_price(rpu_seconds: Decimal, price_per_rpu_hour: Decimal) -> Decimal:
    """Dollars for capacity: RPU × seconds × price per RPU-hour ÷ 3,600."""
    return rpu_seconds * price_per_rpu_hour / HOUR

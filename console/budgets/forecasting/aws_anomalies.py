"""What AWS Cost Anomaly Detection found itself, beside our own: asked once a day, and always some hours behind.

AWS runs its detection about three times a day, after it has processed the billing data, which may take up to 24 hours
(AWS Cost Management User Guide, "Detecting unusual spend with AWS Cost Anomaly Detection", read in 2026).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from catalogue.errors import SourceError
from console.aws.paid import PaidClient

OPERATION = "get_anomalies"
LOOK_BACK = timedelta(days=89)  # AWS keeps 90 days
MOST_PAGES = 20  # of up to 100 each, $0.01 a page
DELAY = "AWS looks about three times a day, at billing data up to 24 hours old"
DELAY_SOURCE = "AWS Cost Management User Guide, Detecting unusual spend with AWS Cost Anomaly Detection"


@dataclass(frozen=True)
class AwsAnomaly:
    """One anomaly of AWS: `money` is its total impact so far, `feedback` what a person answered (YES, NO, PLANNED)."""

    anomaly_id: str
    service: str
    usage_type: str
    start: date
    end: date | None
    money: Decimal
    expected: Decimal | None
    feedback: str


def found_by_aws(client: PaidClient, today: date) -> list[AwsAnomaly]:
    """Anomalies of the last 90 days, by money, the largest first.

    Parameters
    ----------
    client : calls boto3's ``ce``; every page of the answer is one paid request

    Raises
    ------
    SourceError
        AWS did not answer; names the action and the remedy.
    """
    interval = {"StartDate": str(today - LOOK_BACK), "EndDate": str(today)}
    found: list[AwsAnomaly] = []
    for number, page in enumerate(client.pages(OPERATION, DateInterval=interval), start=1):
        found += [_anomaly(item) for item in page.get("Anomalies", [])]
        if number == MOST_PAGES and page.get("NextPageToken"):
            raise SourceError(
                f"AWS has more than {MOST_PAGES} pages of anomalies",
                where=OPERATION,
                remedy="Raise the threshold of its monitors, so that it finds fewer.",
            )
    return sorted(found, key=lambda anomaly: (-anomaly.money, anomaly.anomaly_id))


def _anomaly(item: Mapping[str, Any]) -> AwsAnomaly:
    causes: Sequence[Mapping[str, Any]] = item.get("RootCauses") or [{}]
    # the SDK gives the impact as floats: the shortest text of each is what AWS sent
    impact = item.get("Impact") or {}
    return AwsAnomaly(
        anomaly_id=str(item["AnomalyId"]),
        service=causes[0].get("Service") or item.get("DimensionValue") or "(unknown)",
        usage_type=causes[0].get("UsageType") or "",
        start=_day(item["AnomalyStartDate"]),
        end=_day(item["AnomalyEndDate"]) if item.get("AnomalyEndDate") else None,
        money=_decimal(impact.get("TotalImpact")) or Decimal(0),
        expected=_decimal(impact.get("TotalExpectedSpend")),
        feedback=item.get("Feedback") or "",
    )


def _day(text: str) -> date:
    """The day of a text that is a date or a timestamp: AWS writes both."""
    return date.fromisoformat(text[:10])


def _decimal(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(repr(value))

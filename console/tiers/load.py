"""The traffic that a deployment must carry at its busiest, and the usage of a month that goes with it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from console.tiers.sizing import PEAK_FACTOR, SECONDS_A_DAY, Flow, Usage, typical, with_events
from console.tiers.tiers import Tier

REGIONS = 5  # of the shop that events name: live keeps a document for each
BUSIEST_KEY_SHARE = Decimal("0.001")  # of all events: a crawler, or a server that sends for one customer


@dataclass(frozen=True)
class Load:
    """What comes in a second, when it is most.

    Attributes
    ----------
    events_per_second : at the busiest, which is `PEAK_FACTOR` times the mean of a month
    events_per_request, bytes_per_event : of the shops' traffic
    regions : that events name
    busiest_key_share : of all events, those of the busiest partition key (a customer, or a session without one)
    """

    events_per_second: Decimal
    events_per_request: Decimal
    bytes_per_event: Decimal
    regions: int = REGIONS
    busiest_key_share: Decimal = BUSIEST_KEY_SHARE

    def __post_init__(self) -> None:
        if self.events_per_second <= 0 or self.bytes_per_event <= 0 or self.regions < 1:
            raise ValueError(f"A load has events, bytes and a region: {self}")
        if self.events_per_request < 1:
            raise ValueError(f"A request brings at least one event: {self.events_per_request}")
        if not 0 <= self.busiest_key_share <= 1:
            raise ValueError(f"A share is from 0 to 1: {self.busiest_key_share}")

    @property
    def requests_per_second(self) -> Decimal:
        """Requests to the collector, and records of the stream: a request's events are of one session."""
        return self.events_per_second / self.events_per_request

    @property
    def record_bytes(self) -> Decimal:
        """Bytes of the events of one request."""
        return self.events_per_request * self.bytes_per_event

    @property
    def bytes_per_second(self) -> Decimal:
        """Bytes of the events."""
        return self.events_per_second * self.bytes_per_event

    @property
    def events_per_day(self) -> Decimal:
        """Events of a mean day."""
        return self.events_per_second / PEAK_FACTOR * SECONDS_A_DAY

    def at(self, events_per_second: Decimal | int) -> Load:
        """The same shop with another number of events a second."""
        return replace(self, events_per_second=Decimal(events_per_second))

    def usage(self, tier: Tier) -> Usage:
        """The month of a tier's console under this traffic; recommendations grow with the events."""
        usage = with_events(typical(tier), self.events_per_day)
        return replace(usage, events_per_request=self.events_per_request, bytes_per_event=self.bytes_per_event)

    def flow(self, tier: Tier) -> Flow:
        """What a mean day of that month makes the tier do."""
        return Flow(tier, self.usage(tier))

"""FOCUS files, 1.0 to 1.3: CSV, gzipped CSV or Parquet. Fills the `SpendSource` port.

FOCUS is the FinOps Open Cost and Usage Specification. Columns that other versions call differently are read too: 1.3
splits ``ProviderName`` and ``PublisherName`` into ``ServiceProviderName`` and ``HostProviderName``; the older names win
where a file has both, so that a bill exported again in a newer version replaces the older one. Of the columns that
providers add (``x_…``), usage type and operation are read; the rest is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import pyarrow as pa

from console.finops.billing.charge_file import ChargeFile, Columns
from console.finops.billing.charge_rows import AMOUNT, SCHEMA
from console.finops.billing.columns import Chunk
from console.finops.billing.tags import read_tags
from pipeline.spend.focus_columns import FOCUS_COLUMNS

_NAMES: Mapping[str, tuple[str, ...]] = {**FOCUS_COLUMNS, "estimated": (), "source": ()}  # which FOCUS does not have
_READ = frozenset(name for names in _NAMES.values() for name in names)

# without these a charge cannot be placed: what, how much, of which bill, on which day
REQUIRED = {
    "billed_cost": "BilledCost",
    "effective_cost": "EffectiveCost",
    "billing_currency": "BillingCurrency",
    "billing_period_start": "BillingPeriodStart",
    "charge_period_start": "ChargePeriodStart",
    "charge_category": "ChargeCategory",
    "provider_name": "ProviderName (ServiceProviderName in 1.3)",
    "service_name": "ServiceName",
}
_SINCE = (
    ("1.3", {"serviceprovidername", "hostprovidername", "allocatedmethodid"}),
    ("1.2", {"invoiceid", "pricingcurrency", "subaccounttype", "billingaccounttype"}),
    ("1.1", {"skumeter", "servicesubcategory", "capacityreservationid", "skupricedetails"}),
)


class FocusFile(ChargeFile):
    """The charge rows of one FOCUS file."""

    name = "focus"
    required: ClassVar[Mapping[str, tuple[str, ...]]] = {text: _NAMES[name] for name, text in REQUIRED.items()}
    export_again = "Export the bill as FOCUS 1.0 to 1.3 with these columns."

    @property
    def version(self) -> str:
        """The FOCUS version that the columns are known from, such as ``1.2``."""
        return next((version for version, columns in _SINCE if columns & self._file.names.keys()), "1.0")

    def _is_read(self, name: str) -> bool:
        return name in _READ

    def _columns(self, chunk: Chunk) -> Columns:
        columns: Columns = {}
        for field in SCHEMA:
            names, required = _NAMES[field.name], field.name in REQUIRED
            if field.type == AMOUNT:
                columns[field.name] = chunk.amount(*names, required=required)
            elif pa.types.is_timestamp(field.type):
                columns[field.name] = chunk.instant(*names, required=required)
            elif field.name == "tags":
                tags = chunk.columns.get("tags")
                columns["tags"] = None if tags is None else read_tags(tags)
            elif names:
                columns[field.name] = chunk.required_text(*names) if required else chunk.text(*names)
        return columns

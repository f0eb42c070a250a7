"""Legacy AWS Cost and Usage Reports (CUR): CSV, gzipped CSV or Parquet. Fills the `SpendSource` port.

Columns are named ``lineItem/UsageAmount`` (CSV) or ``line_item_usage_amount`` (Parquet, Athena, CUR 2.0). They become
FOCUS columns by the FinOps Foundation's conversion rules for AWS; `DIFFERS` gives the reason of each difference. A CUR
has no contracted prices, so contracted cost stays unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar

import pyarrow as pa
import pyarrow.compute as pc

from console.finops.billing import aws_lines
from console.finops.billing.charge_file import ChargeFile, Columns
from console.finops.billing.charge_rows import AMOUNT
from console.finops.billing.columns import Chunk, distinct
from console.finops.billing.tags import cur_tags, is_cur_tag

# FOCUS column of the charge rows → CUR columns, the first that says something (the rules' RENAME_COLUMN)
TEXTS: Mapping[str, tuple[str, ...]] = {
    "availability_zone": ("lineitemavailabilityzone",),
    "billing_account_id": ("billpayeraccountid",),
    "billing_account_name": ("billpayeraccountname",),
    "billing_currency": ("lineitemcurrencycode",),
    "charge_description": ("lineitemlineitemdescription",),
    "commitment_discount_id": ("savingsplansavingsplanarn", "reservationreservationarn"),
    "consumed_unit": ("pricingunit",),
    "invoice_issuer_name": ("billinvoicingentity",),
    "operation": ("lineitemoperation",),
    "pricing_unit": ("pricingunit",),
    "publisher_name": ("lineitemlegalentity",),
    "region_id": ("productregion", "productregioncode"),
    "resource_id": ("lineitemresourceid",),
    "sku_id": ("productsku",),
    "sku_price_id": ("pricingratecode", "pricingrateid"),
    "sub_account_id": ("lineitemusageaccountid",),
    "sub_account_name": ("lineitemusageaccountname",),
    "usage_type": ("lineitemusagetype",),
}
INSTANTS = {
    "billing_period_start": "billbillingperiodstartdate",
    "billing_period_end": "billbillingperiodenddate",
    "charge_period_start": "lineitemusagestartdate",
    "charge_period_end": "lineitemusageenddate",
}
DIFFERS = {
    "ChargeCategory": "a credit is FOCUS's Credit, which the rules' older version did not have",
    "ChargeFrequency": "usage is Usage-Based, as FOCUS says; the rules take the kind of the whole bill",
    "EffectiveCost": "net figures come before gross ones, as the rules do for BilledCost, so that the two add up",
    "PricingCategory": "the kind of line says what is committed, also where product/PurchaseOption is not exported",
    "ResourceName": "written as it is, not capitalised",
    "ResourceType": "the part before the name also where they are written with a slash",
    "ServiceName": "the product's name, as FOCUS and Cost Explorer write it, where it is known, else its code",
    "ServiceCategory": "looked up in aws_services.toml",
}
REQUIRED = {
    "lineitemunblendedcost": "lineItem/UnblendedCost",
    "lineitemcurrencycode": "lineItem/CurrencyCode",
    "lineitemlineitemtype": "lineItem/LineItemType",
    "lineitemusagestartdate": "lineItem/UsageStartDate",
    "lineitemproductcode": "lineItem/ProductCode",
    "billbillingperiodstartdate": "bill/BillingPeriodStartDate",
}
_AMOUNTS = (
    "lineitemunblendedcost", "lineitemnetunblendedcost", "lineitemusageamount", "pricingpublicondemandcost",
    "pricingpublicondemandrate", "reservationeffectivecost", "reservationneteffectivecost",
    "reservationunusedamortizedupfrontfeeforbillingperiod", "reservationnetunusedamortizedupfrontfeeforbillingperiod",
    "reservationunusedrecurringfee", "reservationnetunusedrecurringfee", "reservationtotalreservedunits",
    "savingsplansavingsplaneffectivecost", "savingsplannetsavingsplaneffectivecost",
    "savingsplantotalcommitmenttodate", "savingsplanusedcommitment",
)  # fmt: skip
_OTHERS = ("billbilltype", "billinvoiceid", "productproductname", "productpurchaseoption", *REQUIRED)
_READ = frozenset({*_AMOUNTS, *_OTHERS, *INSTANTS.values(), *(name for names in TEXTS.values() for name in names)})
_FREQUENCIES = {"Refund": "One-Time", "Purchase": "One-Time", "Anniversary": "Recurring"}
_OPTIONS = {
    "On-Demand": "Standard",
    "Reserved Instances": "Committed",
    "Spot Instances": "Dynamic",
    "Dedicated Hosts": "Standard",
}
_ZERO = pa.scalar(0, AMOUNT)
_PRODUCT = pa.decimal256(37, 12)  # two of these multiplied still fit, with 24 digits behind the point


class CurFile(ChargeFile):
    """The charge rows of one file of a Cost and Usage Report."""

    name = "cur"
    required: ClassVar[Mapping[str, tuple[str, ...]]] = {text: (name,) for name, text in REQUIRED.items()}
    export_again = "Export the report again with its standard columns, or export FOCUS."

    def _is_read(self, name: str) -> bool:
        return name in _READ or is_cur_tag(name)

    def _columns(self, chunk: Chunk) -> Columns:
        given = {name: chunk.amount(name, required=name == "lineitemunblendedcost") for name in _AMOUNTS}
        amounts = {name: values for name, values in given.items() if values is not None}
        kinds = chunk.required_text("lineitemlineitemtype")
        columns: Columns = {name: chunk.text(*names) for name, names in TEXTS.items()}
        columns["billing_currency"] = chunk.required_text("lineitemcurrencycode")
        for name, column in INSTANTS.items():
            columns[name] = chunk.instant(column, required=column in REQUIRED)
        columns |= _costs(amounts, kinds, chunk.text("reservationreservationarn"), chunk.rows)
        columns |= _kinds(chunk, kinds)
        columns |= _services(chunk)
        columns |= _resources(columns["resource_id"])
        columns |= _commitments(chunk)
        columns["tags"] = cur_tags(chunk.columns, chunk.rows, self._file.names)
        columns["provider_name"] = pa.repeat(pa.scalar(aws_lines.PROVIDER), chunk.rows)
        invoice = chunk.text("billinvoiceid")  # a bill that is not closed has no invoice yet
        if invoice is not None:
            columns["estimated"] = pc.is_null(invoice)
        return columns


def _costs(amounts: Mapping[str, pa.Array], kinds: pa.Array, reservation: pa.Array | None, rows: int) -> Columns:
    """Costs and quantities of the lines."""

    def first(*names: str) -> pa.Array:
        found = [amounts[name] for name in names if name in amounts]
        return pc.coalesce(*found) if found else pa.nulls(rows, AMOUNT)

    def known(*names: str) -> pa.Array:
        """As `first`, an empty cell being nothing; unknown where the report has none of the columns."""
        return pc.coalesce(first(*names), _ZERO) if any(name in amounts for name in names) else first(*names)

    billed = first("lineitemnetunblendedcost", "lineitemunblendedcost")
    effective = pc.case_when(
        pc.make_struct(
            pc.equal(kinds, "SavingsPlanCoveredUsage"),
            pc.equal(kinds, "SavingsPlanRecurringFee"),
            pc.is_in(kinds, pa.array(["SavingsPlanNegation", "SavingsPlanUpfrontFee"])),
            pc.equal(kinds, "DiscountedUsage"),
            pc.equal(kinds, "RIFee"),
            pc.and_(pc.equal(kinds, "Fee"), pc.is_valid(reservation) if reservation is not None else pa.scalar(False)),
        ),
        first("savingsplannetsavingsplaneffectivecost", "savingsplansavingsplaneffectivecost"),
        _exact(pc.subtract, known("savingsplantotalcommitmenttodate"), known("savingsplanusedcommitment")),
        pa.repeat(_ZERO, rows),
        first("reservationneteffectivecost", "reservationeffectivecost"),
        _exact(
            pc.add,
            known("reservationnetunusedamortizedupfrontfeeforbillingperiod",
                  "reservationunusedamortizedupfrontfeeforbillingperiod"),
            known("reservationnetunusedrecurringfee", "reservationunusedrecurringfee"),
        ),
        pa.repeat(_ZERO, rows),
        billed,
    )  # fmt: skip
    quantity = first("lineitemusageamount")
    return {
        "billed_cost": billed,
        "effective_cost": effective,
        "list_cost": pc.coalesce(
            first("pricingpublicondemandcost"), _exact(pc.multiply, first("pricingpublicondemandrate"), quantity)
        ),
        "list_unit_price": first("pricingpublicondemandrate"),
        "consumed_quantity": quantity,
        "pricing_quantity": first("reservationtotalreservedunits", "lineitemusageamount"),
    }


def _kinds(chunk: Chunk, kinds: pa.Array) -> Columns:
    """The columns that follow from the kind of a line."""
    category = distinct(kinds, lambda kind: aws_lines.line(kind).category, pa.string())
    option, bill = chunk.text("productpurchaseoption"), chunk.text("billbilltype")
    pricing = distinct(kinds, lambda kind: aws_lines.line(kind).pricing, pa.string())
    if option is not None:
        by_option = distinct(option, _OPTIONS.get, pa.string())
        pricing = pc.if_else(pc.equal(pricing, "Standard"), pc.coalesce(by_option, pricing), pricing)
    frequency = None if bill is None else distinct(bill, _FREQUENCIES.get, pa.string())
    by_usage = pc.equal(category, "Usage")
    otherwise = pa.scalar(None, pa.string()) if frequency is None else frequency
    return {
        "charge_category": category,
        "charge_frequency": pc.if_else(by_usage, pa.scalar("Usage-Based"), otherwise),
        "pricing_category": pricing,
        "commitment_discount_status": distinct(kinds, lambda kind: aws_lines.line(kind).commitment, pa.string()),
    }


def _services(chunk: Chunk) -> Columns:
    code = chunk.required_text("lineitemproductcode")
    known = distinct(code, aws_lines.service_name, pa.string())
    product = chunk.text("productproductname")
    # a name we know first: CUR writes the same product's name in several ways over the years
    named = known if product is None else pc.if_else(pc.equal(known, code), pc.coalesce(product, code), known)
    return {"service_name": named, "service_category": distinct(code, aws_lines.category, pa.string())}


def _resources(resource: pa.Array | None) -> Columns:
    if resource is None:
        return {}
    return {
        "resource_type": distinct(resource, lambda text: _of_arn(text)[0], pa.string()),
        "resource_name": distinct(resource, lambda text: _of_arn(text)[1], pa.string()),
    }


def _of_arn(text: str | None) -> tuple[str | None, str | None]:
    """Type and name in ``arn:partition:service:region:account:type/name`` or ``…:type:name``."""
    parts = (text or "").split(":", 5)
    if len(parts) < 6 or parts[0] != "arn":
        return None, None
    cut = min((place for place in (parts[5].find("/"), parts[5].find(":")) if place >= 0), default=-1)
    return (None, parts[5] or None) if cut < 0 else (parts[5][:cut], parts[5][cut + 1 :])


def _commitments(chunk: Chunk) -> Columns:
    plan, reservation = chunk.text("savingsplansavingsplanarn"), chunk.text("reservationreservationarn")
    columns: Columns = {}
    for name, of_plan, of_reservation in (
        ("commitment_discount_category", "Spend", "Usage"),
        ("commitment_discount_type", "Savings Plan", "Reserved Instances (RI)"),
    ):
        read = [
            pc.if_else(pc.is_valid(arn), pa.scalar(said), pa.scalar(None, pa.string()))
            for arn, said in ((plan, of_plan), (reservation, of_reservation))
            if arn is not None
        ]
        columns[name] = None if not read else pc.coalesce(*read)
    return columns


def _exact(compute: Callable[[pa.Array, pa.Array], pa.Array], one: pa.Array, other: pa.Array) -> pa.Array:
    """Two columns added, subtracted or multiplied without loss, then rounded to the digits of an amount."""
    return pc.cast(pc.round(compute(pc.cast(one, _PRODUCT), pc.cast(other, _PRODUCT)), 12, "half_to_even"), AMOUNT)

"""Which columns of a FOCUS file hold what a charge says."""

from __future__ import annotations

from catalogue.tables import CURATION_RELATIONS
from pipeline.spend.focus_columns import FOCUS_COLUMNS, columns_of
from pipeline.spend.keeping import focus_name


def test_every_column_of_a_charge_is_known_by_the_name_that_raw_files_give_it() -> None:
    charge = CURATION_RELATIONS["raw_spend"]
    assert set(FOCUS_COLUMNS) == set(charge)
    assert columns_of(map(focus_name, charge)) == {column: (focus_name(column),) for column in charge}


def test_a_providers_own_columns_and_those_of_newer_versions_are_found() -> None:
    found = columns_of(["x_UsageType", "x_Operation", "SkuMeter", "ServiceProviderName", "ProviderName", "x_Discounts"])
    assert {column: names for column, names in found.items() if names} == {
        "usage_type": ("x_UsageType", "SkuMeter"),
        "operation": ("x_Operation",),
        "provider_name": ("ProviderName", "ServiceProviderName"),
    }

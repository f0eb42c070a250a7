"""Which columns of a FOCUS file hold what a charge row says: one mapping for files that are imported and raw ones.

Raw files that an import wrote have a charge's own columns under FOCUS's names. A data export that was put among them
has the specification's columns, in any version, and the provider's own (``x_…``): AWS calls the usage type
``x_UsageType``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from catalogue.tables import CURATION_RELATIONS

_MORE: Mapping[str, tuple[str, ...]] = {  # where FOCUS changed a name, or a provider has the column and FOCUS has not
    "provider_name": ("serviceprovidername",),
    "publisher_name": ("hostprovidername",),
    "invoice_issuer_name": ("invoiceissuer",),
    "usage_type": ("xusagetype", "skumeter", "xskumetername"),
    "operation": ("xoperation",),
}

FOCUS_COLUMNS: Mapping[str, tuple[str, ...]] = {
    column: (column.replace("_", ""), *_MORE.get(column, ())) for column in CURATION_RELATIONS["raw_spend"]
}
"""Column of a charge → names of the columns that hold it, by their letters alone; the first that says something counts.

A file's column has such a name by `plain_name`; `columns_of` finds them.
"""


def plain_name(name: str) -> str:
    """A column's name by its letters and digits: ``x_UsageType`` is ``xusagetype``."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def columns_of(names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """For each column of a charge the columns of a file that hold it, in the order in which they count; none of some.

    ::

        columns_of(["x_UsageType", "ServiceName"])["usage_type"] == ("x_UsageType",)
    """
    written = {plain_name(name): name for name in names}
    return {
        column: tuple(written[name] for name in known if name in written) for column, known in FOCUS_COLUMNS.items()
    }

"""Spend's way into the lake: charge rows from any source, kept as bills, replaced bill by bill."""

from pipeline.spend.bills import Bill, SourceRank, counting
from pipeline.spend.keeping import Kept, SpendImport, import_charges

__all__ = ["Bill", "Kept", "SourceRank", "SpendImport", "counting", "import_charges"]

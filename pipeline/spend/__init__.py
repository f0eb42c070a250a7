"""Brings charge rows from any source into the lake, as bills; a new bill replaces the old one."""

from pipeline.spend.bills import Bill, SourceRank, counting
from pipeline.spend.keeping import KeptBill, SpendImport, import_charges

__all__ = ["Bill", "KeptBill", "SourceRank", "SpendImport", "counting", "import_charges"]

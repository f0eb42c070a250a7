"""Importers: real datasets and anyone's tables → events in the raw lake. See docs/importing.md."""

from pipeline.importers.core import Importer, ImportReport, import_file
from pipeline.importers.online_retail import OnlineRetail
from pipeline.importers.rees46 import Rees46

DATASETS: tuple[Importer, ...] = (OnlineRetail(), Rees46())

__all__ = ["DATASETS", "ImportReport", "Importer", "OnlineRetail", "Rees46", "import_file"]

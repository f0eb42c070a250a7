"""Importers: real datasets and anyone's tables → events in the raw lake. See docs/importing.md."""

from pipeline.importers.core import ImportReport, import_file, import_files
from pipeline.importers.importer import Importer
from pipeline.importers.online_retail import OnlineRetail
from pipeline.importers.rees46 import Rees46
from pipeline.importers.sources import Source

DATASETS: tuple[Importer, ...] = (OnlineRetail(), Rees46())

__all__ = ["DATASETS", "ImportReport", "Importer", "OnlineRetail", "Rees46", "Source", "import_file", "import_files"]

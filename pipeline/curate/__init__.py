"""Raw → curated: the SQL of `queries/curate/`, run on DuckDB.

Only what new records can have changed is computed again, with the same SQL that computes everything the first time:
curating in many steps and curating at once give the same tables.
"""

from pipeline.curate.run import CurationReport, curate, is_stale

__all__ = ["CurationReport", "curate", "is_stale"]

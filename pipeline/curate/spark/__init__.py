"""Raw → curated on Spark: the SQL that DuckDB runs, in Spark's dialect, on Iceberg tables."""

from pipeline.curate.spark.curation import SparkCuration, curate

__all__ = ["SparkCuration", "curate"]

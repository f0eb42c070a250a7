"""Raw → curated on Spark: the SQL that DuckDB runs, in Spark's dialect, on Iceberg tables."""

from pipeline.curate.spark.curation import Keep, SparkCuration, curate, in_order, parquet, persisted

__all__ = ["Keep", "SparkCuration", "curate", "in_order", "parquet", "persisted"]

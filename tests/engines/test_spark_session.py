"""The sessions of all modules follow each other in one JVM, and each has its own settings alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tests.engines import spark_session

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = spark_session.marks("spark")

SETTING, WORKERS, PROPERTY = "spark.sql.catalog.tried", "spark.executorEnv.TRIED", "tried.property"


def found(spark: SparkSession) -> list[str | None]:
    """The session's setting, Java's property, and the variable of a Python worker."""
    (of_worker,) = spark.sparkContext.parallelize([0], 1).map(lambda _: __import__("os").environ.get("TRIED")).collect()
    java_system = spark.sparkContext._jvm.java.lang.System
    return [spark.conf.get(SETTING, None), java_system.getProperty(PROPERTY), of_worker]


def process(spark: SparkSession) -> int:
    return int(spark.sparkContext._jvm.java.lang.ProcessHandle.current().pid())


def test_a_session_has_nothing_of_the_one_before_it_but_its_jvm(spark_jvm: None, tmp_path: Path) -> None:
    given = {SETTING: "no.such.Class", WORKERS: "of workers"}
    with spark_session.session(tmp_path / "first", given, {PROPERTY: "of Java"}) as first:
        assert found(first) == ["no.such.Class", "of Java", "of workers"]
        one = process(first)
    with spark_session.session(tmp_path / "second") as second:
        assert found(second) == [None, None, None]
        assert process(second) == one
        warehouse = second.conf.get(f"spark.sql.catalog.{spark_session.CATALOG}.warehouse")
        assert warehouse == str(tmp_path / "second" / "iceberg")

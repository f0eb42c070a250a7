"""A real Spark on this machine: one JVM with a small heap, loopback only, stopped with everything it started.

A JVM becomes fast by what it has run: the first curation in one takes twice the processor of the next. So the sessions
of all test modules, one after the other, are those of one JVM.
"""

from __future__ import annotations

import gc
import os
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING
from unittest.mock import patch

import pytest

from tests.engines import java
from tests.engines.artifacts import EngineMissing, spark_jars
from tests.support.paths import ROOT

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

JAVAS = range(8, 18)  # what Spark 3.5 is released for
STOP_SECONDS = 20.0
CATALOG = "local"  # a catalogue of Iceberg tables in the session's folder

_SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.memory": "1g",
    "spark.sql.shuffle.partitions": "2",
    "spark.default.parallelism": "2",
    "spark.sql.codegen.wholeStage": "false",  # the tests ask each statement once: compiling it well does not pay
    # the default of Java's code cache is full after two curations, and nothing is compiled from then on
    "spark.driver.extraJavaOptions": "-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m",
    "spark.sql.codegen.cache.maxEntries": "4000",  # a curation makes more classes than the default of 100 keeps
    "spark.log.level": "ERROR",
    "spark.sql.session.timeZone": "Asia/Kathmandu",  # whoever relies on the cluster's own time zone shows it
    "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
    f"spark.sql.catalog.{CATALOG}": "org.apache.iceberg.spark.SparkCatalog",
    f"spark.sql.catalog.{CATALOG}.type": "hadoop",
}


def marks(group: str) -> list[pytest.MarkDecorator]:
    """The marks of a module that runs Spark.

    Parameters
    ----------
    group : modules of one group are run by one worker, which starts what they share once
    """
    return [
        pytest.mark.engines,
        pytest.mark.xdist_group(group),
        # pyspark leaves the sockets of its answers to the garbage collector
        pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
        pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
        # pyspark's own
        pytest.mark.filterwarnings("ignore:distutils Version classes are deprecated:DeprecationWarning"),
    ]


@contextmanager
def running(folder: Path, settings: Mapping[str, str] = MappingProxyType({})) -> Iterator[SparkSession]:
    """A session in a JVM of its own; the parameters and errors of `session`."""
    with jvm(), session(folder, settings) as spark:
        yield spark


@contextmanager
def jvm() -> Iterator[None]:
    """The JVM of the sessions within: started by the first one, with its settings, and ended here."""
    try:
        yield
    finally:
        _end_jvm()


@contextmanager
def session(
    folder: Path,
    settings: Mapping[str, str] = MappingProxyType({}),
    properties: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[SparkSession]:
    """A session that keeps its files below `folder`; within `jvm`, one at a time.

    Parameters
    ----------
    settings : further ones of Spark. Those of the JVM itself, such as its memory, are the first session's
    properties : of Java, such as ``aws.accessKeyId``, while the session lasts

    Raises
    ------
    EngineMissing
        There is no Java that Spark 3.5 runs on, no pyspark, or no Iceberg.
    """
    home, jars = _java_home(), spark_jars()
    try:
        from pyspark import SparkContext
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise EngineMissing("pyspark is not installed: `make` installs what the tests need") from error
    places = {"JAVA_HOME": str(home), "PYSPARK_PYTHON": sys.executable, "PYTHONPATH": str(ROOT)}
    with patch.dict(os.environ, places):
        builder = SparkSession.builder.master("local[2]").appName("takings")
        for name, value in (_SETTINGS | dict(settings)).items():
            builder = builder.config(name, value)
        builder = builder.config("spark.jars", ",".join(map(str, jars)))
        builder = builder.config(f"spark.sql.catalog.{CATALOG}.warehouse", str(folder / "iceberg"))
        builder = builder.config("spark.local.dir", str(folder / "spark"))
        spark = builder.config("spark.sql.warehouse.dir", str(folder / "warehouse")).getOrCreate()
    java_system = SparkContext._jvm.java.lang.System
    for name, value in properties.items():
        java_system.setProperty(name, value)
    try:
        yield spark
    finally:
        spark.stop()
        for name in [*properties, *java_system.getProperties().stringPropertyNames()]:
            if name in properties or name.startswith("spark."):  # the next session has settings of its own
                java_system.clearProperty(name)


def _java_home() -> Path:
    seen = []
    for path in java._places():
        version = java._version(path)
        if version in JAVAS:
            return path.resolve().parents[1]
        seen.append(f"{path} ({version or 'does not start'})")
    raise EngineMissing(
        f"Spark 3.5 needs Java 8, 11 or 17; found {', '.join(seen) or 'none'}."
        " On Debian, apt-get install openjdk-17-jre-headless."
    )


def _end_jvm() -> None:
    """End the JVM, if there is one; pyspark itself leaves it to the end of the process."""
    from pyspark import SparkContext

    gateway = SparkContext._gateway
    if gateway is None:
        return
    SparkContext._gateway = SparkContext._jvm = None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # pyspark and py4j leave their sockets to the collector
        gateway.shutdown()
        gc.collect()
    gateway.proc.stdin.close()  # the JVM ends with its input
    gateway.proc.wait(STOP_SECONDS)

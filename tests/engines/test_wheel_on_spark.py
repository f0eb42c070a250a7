"""The wheel given to a real Spark as an archive: what its workers import is in it, and so is the SQL they read."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from catalogue.tables import CURATED_TABLES
from tests.engines.spark_session import _java_home
from tests.unit.takings.test_wheel import wheel

__all__ = ["wheel"]  # the fixture

pytestmark = [pytest.mark.engines, pytest.mark.xdist_group("spark")]

SECONDS = 300
JOB = """
import json, sys
from pyspark import SparkConf, SparkContext

def on_a_worker(_rows):
    import catalogue
    from catalogue.queries import load_curation
    from pipeline.curate.spark import curate
    yield catalogue.__file__, curate.__code__.co_filename, len(load_curation())

settings = SparkConf().setMaster("local[2]").set("spark.ui.enabled", "false")
settings = settings.set("spark.driver.bindAddress", "127.0.0.1").set("spark.driver.host", "127.0.0.1")
with SparkContext(conf=settings, pyFiles=[sys.argv[1]]) as spark:
    print(json.dumps(spark.parallelize([1, 2], 2).mapPartitions(on_a_worker).collect()))
"""


def test_workers_import_the_archive_and_read_their_sql_from_it(wheel: Path, tmp_path: Path) -> None:
    archive = tmp_path / "takings.zip"  # Spark puts no other name on Python's path: not `.whl`
    shutil.copyfile(wheel, archive)
    (tmp_path / "job.py").write_text(JOB, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "job.py", archive],
        cwd=tmp_path,
        env={"JAVA_HOME": str(_java_home()), "PATH": os.environ["PATH"], "PYSPARK_PYTHON": sys.executable},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    answers = json.loads(done.stdout.splitlines()[-1])
    assert len(answers) == 2
    for package, module, tables in answers:
        assert package.endswith("takings.zip/catalogue/__init__.py")
        assert module.endswith("takings.zip/pipeline/curate/spark/curation.py")
        assert tables == len(CURATED_TABLES)

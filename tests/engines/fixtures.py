"""The engine room's fixtures; `tests/conftest.py` makes them known to every test. See `tests/engines/__init__.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from tests.engines.names import LAKE_BUCKET, REGION, SAMPLE

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from tests.engines.athena_double import AthenaDouble
    from tests.engines.lakes import EngineLake
    from tests.engines.ministack_server import MinistackServer
    from tests.engines.postgres_server import PostgresServer
    from tests.engines.redshift_double import RedshiftDouble
    from tests.engines.trino_server import TrinoServer


@pytest.fixture(scope="session")
def ministack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MinistackServer]:
    """A Glue catalogue and S3 for Iceberg tables, empty but for the bucket of their files."""
    from tests.engines import ministack_server

    with ministack_server.running(tmp_path_factory.mktemp("ministack")) as server:
        yield server


@pytest.fixture(scope="session")
def trino(tmp_path_factory: pytest.TempPathFactory, ministack: MinistackServer) -> Iterator[TrinoServer]:
    """A Trino server without tables; ``trino.iceberg`` asks about the Iceberg tables of `ministack`."""
    from tests.engines import trino_server

    with trino_server.running(tmp_path_factory.mktemp("trino"), ministack) as server:
        yield server


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server without tables."""
    from tests.engines import postgres_server

    with postgres_server.running() as server:
        yield server


@pytest.fixture(scope="session")
def engine_lakes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, EngineLake]:
    """The sample year and the two lakes of edges, by name. Not to be changed."""
    from tests.engines import lakes

    return lakes.build_all(tmp_path_factory.mktemp("lakes"))


@pytest.fixture(scope="session")
def sample_lake(engine_lakes: dict[str, EngineLake]) -> EngineLake:
    """The sample year. Not to be changed."""
    return engine_lakes[SAMPLE]


@pytest.fixture(scope="session")
def lakes_on_trino(trino: TrinoServer, engine_lakes: dict[str, EngineLake]) -> TrinoServer:
    """Trino with a schema for each of the lakes."""
    from tests.engines import trino_tables

    for lake in engine_lakes.values():
        trino_tables.register(trino, lake.root, lake.name)
    return trino


@pytest.fixture(scope="session")
def lakes_on_postgres(postgres: PostgresServer, engine_lakes: dict[str, EngineLake]) -> PostgresServer:
    """PostgreSQL with a database for each of the lakes."""
    from tests.engines import postgres_tables

    for lake in engine_lakes.values():
        postgres_tables.load(postgres, lake.root, lake.name)
    return postgres


@pytest.fixture(scope="session")
def spark_jvm() -> Iterator[None]:
    """The JVM that the Spark sessions of all modules run in; see `tests.engines.spark_session`."""
    from tests.engines import spark_session

    with spark_session.jvm():
        yield


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory, spark_jvm: None) -> Iterator[SparkSession]:
    """A Spark session of the module's own, with a catalogue of Iceberg tables in its folder."""
    from tests.engines import spark_session

    with spark_session.session(tmp_path_factory.mktemp("spark")) as session:
        yield session


@contextmanager
def _aws() -> Iterator[None]:
    import os
    from unittest.mock import patch

    from moto import mock_aws
    from moto.s3.utils import _VersionedKeyStore

    # a profile of whoever runs the tests must not reach them
    ours = {"AWS_DEFAULT_REGION": REGION, "AWS_EC2_METADATA_DISABLED": "true"}
    theirs = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    whole = patch.object(_VersionedKeyStore, "items", _still_there)
    with patch.dict(os.environ, theirs | ours, clear=True), mock_aws(), whole:
        yield


def _still_there(objects: Any) -> Iterator[tuple[str, Any]]:
    """moto's own way of listing fails where another thread deletes an object meanwhile."""
    return ((key, found) for key in list(objects) if (found := objects.get(key)) is not None)


@pytest.fixture
def aws() -> Iterator[None]:
    """No AWS but moto's, with no credentials but moto's, in every thread of this process."""
    with _aws():
        yield


@pytest.fixture(scope="module")
def aws_of_module() -> Iterator[None]:
    """`aws` for all tests of a module."""
    with _aws():
        yield


@pytest.fixture
def athena_double(aws: None, lakes_on_trino: TrinoServer) -> Iterator[AthenaDouble]:
    """Athena's API on Trino; its databases are the lakes by their names, known to Glue."""
    from tests.engines import athena_double

    with athena_double.serving(lakes_on_trino) as double:
        athena_double.catalogue_tables(SAMPLE)
        yield double


@pytest.fixture
def redshift_double(aws: None, lakes_on_postgres: PostgresServer) -> Iterator[RedshiftDouble]:
    """The Redshift Data API on PostgreSQL; its databases are the lakes by their names."""
    from tests.engines import redshift_double

    with redshift_double.serving(lakes_on_postgres) as double:
        yield double


@pytest.fixture
def publish_state(aws: None) -> Callable[[EngineLake], str]:
    """Puts the `state.json` of a lake where the console on AWS looks for it; gives the bucket."""

    def publish(lake: EngineLake) -> str:
        put_state(lake)
        return LAKE_BUCKET

    return publish


def put_state(lake: EngineLake, prefix: str = "") -> None:
    """Put a lake's state object into the lake bucket, which is made where it is missing."""
    import boto3

    client = boto3.client("s3", region_name=REGION)
    client.create_bucket(Bucket=LAKE_BUCKET)
    state = (lake.root / "curated" / "state.json").read_bytes()
    client.put_object(Bucket=LAKE_BUCKET, Key=f"{prefix}curated/state.json", Body=state)

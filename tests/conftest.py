"""Fixtures for every test."""

import os
import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

# before numpy is imported: its matrices are small here, and more threads spend four times the processor on waiting
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import pytest
from botocore.loaders import JSONFileLoader
from hypothesis import settings

from console import settings as console_settings
from tests.support.given import Given
from tests.support.iam import Recorder, recording

# how long an example takes says something about the machine: what is fast is for `make bench` to say
settings.register_profile("takings", deadline=None)
settings.load_profile("takings")

LONGEST_VALUE = 80


def pytest_make_parametrize_id(config: pytest.Config, val: object, argname: str) -> str | None:
    """Name a case by a value that people can read; by the argument where it is long or no text.

    Every worker collects the tests for itself and must find the same names. Bytes may differ from one to the next: a
    gzip header holds the second it was written in.
    """
    if isinstance(val, bytes) and not (val.isascii() and len(val) <= LONGEST_VALUE):
        return argname
    return val[:LONGEST_VALUE] if isinstance(val, str) and len(val) > LONGEST_VALUE else None


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the deployment's tests; what a module or the pages make once for their tests is made on one worker."""
    for item in items:
        module = item.nodeid.partition("::")[0]
        fixtures = item._fixtureinfo.name2fixturedefs.values() if isinstance(item, pytest.Function) else ()
        if module.startswith("tests/infra/") and item.get_closest_marker("engines") is None:
            item.add_marker(pytest.mark.infra)
        if module.startswith("tests/pages/"):
            item.add_marker(pytest.mark.xdist_group("pages"))
        elif item.get_closest_marker("xdist_group") is None and any(made[-1].scope == "module" for made in fixtures):
            item.add_marker(pytest.mark.xdist_group(module))


_MAIN = sys.modules["__main__"]


def pytest_runtest_teardown() -> None:
    """A page that is run becomes ``__main__``, which processes started later would run too."""
    sys.modules["__main__"] = _MAIN


pytest_plugins = ["tests.engines.fixtures"]  # real engines behind the AWS APIs


# a session of botocore parses the models of its services anew; tests make hundreds of sessions
JSONFileLoader.load_file = lru_cache(maxsize=None)(JSONFileLoader.load_file)


@pytest.fixture
def recorded_actions() -> Iterator[Recorder]:
    """The IAM actions that a test's own sessions use; see `tests.support.iam`."""
    with recording() as recorder:
        yield recorder


@pytest.fixture(autouse=True)
def own_settings() -> Iterator[None]:
    """Settings are read once a process; a test reads those of its own environment."""
    console_settings.current.cache_clear()
    yield
    console_settings.current.cache_clear()


@pytest.fixture
def given(tmp_path: Path) -> Given:
    """An empty lake that reports in UTC and USD."""
    return Given(tmp_path)

"""Fixtures for every test."""

from pathlib import Path

import pytest

from tests.given import Given


@pytest.fixture
def given(tmp_path: Path) -> Given:
    """An empty lake that reports in UTC and USD."""
    return Given(tmp_path)

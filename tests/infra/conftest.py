"""The templates of every tier, made once a session."""

from __future__ import annotations

import pytest

from tests.infra.templates import TIERS, Templates, synthesised


@pytest.fixture(scope="session")
def all_templates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Templates]:
    """The templates by tier."""
    return {tier: synthesised(tier, tmp_path_factory.mktemp(tier)) for tier in TIERS}


@pytest.fixture(params=TIERS)
def templates(request: pytest.FixtureRequest, all_templates: dict[str, Templates]) -> Templates:
    """The templates of one tier; a test runs for each."""
    return all_templates[request.param]

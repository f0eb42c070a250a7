"""The templates of every tier, made once a session."""

from __future__ import annotations

import pytest

from tests.infra.templates import (
    TIERS,
    Templates,
    adopting,
    of_another_shop,
    synthesised,
    with_domain,
    with_everything,
)


@pytest.fixture(scope="session")
def all_templates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Templates]:
    """The templates by tier."""
    return {tier: synthesised(tier, tmp_path_factory.mktemp(tier)) for tier in TIERS}


@pytest.fixture(params=TIERS)
def templates(request: pytest.FixtureRequest, all_templates: dict[str, Templates]) -> Templates:
    """The templates of one tier; a test runs for each."""
    return all_templates[request.param]


@pytest.fixture(scope="session")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    """The templates of the largest tier, where a domain is given and every flag is on."""
    return synthesised(
        "scale", tmp_path_factory.mktemp("everything"), with_everything(tmp_path_factory.mktemp("config"))
    )


@pytest.fixture(scope="session")
def deployed(
    all_templates: dict[str, Templates], everything: Templates, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Templates]:
    """What the bills are of, by tier: those that host the console are deployed with a domain."""
    configuration = with_domain(tmp_path_factory.mktemp("config"))
    startup = synthesised("startup", tmp_path_factory.mktemp("startup-with-domain"), configuration)
    return {"dev": all_templates["dev"], "startup": startup, "scale": everything}


@pytest.fixture(scope="session")
def dev_with_a_domain(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    """The templates of the smallest tier, where a domain is given: it has no load balancer all the same."""
    return synthesised("dev", tmp_path_factory.mktemp("domain"), with_everything(tmp_path_factory.mktemp("config")))


@pytest.fixture(scope="session")
def without_own_services(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    """The templates of the middle tier in an account that has every service already."""
    return synthesised("startup", tmp_path_factory.mktemp("adopting"), adopting(tmp_path_factory.mktemp("config")))


@pytest.fixture(scope="session")
def another_shop(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    """The templates of the largest tier of another installation, with settings that no part has by default."""
    return synthesised("scale", tmp_path_factory.mktemp("another"), of_another_shop(tmp_path_factory.mktemp("config")))

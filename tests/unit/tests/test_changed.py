"""Which unit tests the inner loop runs for a change."""

from pathlib import Path

import pytest

from tests.support.changed import unit_tests_for


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project with unit tests of three packages."""
    for folder in ("tests/unit/console/budgets", "tests/unit/console/kit", "tests/unit/pipeline"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "tests/unit/console/kit/test_page.py").touch()
    return tmp_path


def test_a_module_is_tested_by_the_folder_of_its_package(root: Path) -> None:
    assert unit_tests_for(["console/budgets/answer.py"], root) == ["tests/unit/console/budgets"]
    assert unit_tests_for(["console/budgets/views/form.py"], root) == ["tests/unit/console/budgets"]
    assert unit_tests_for(["pipeline/curate/run.py", "console/kit/page.py"], root) == [
        "tests/unit/console/kit",
        "tests/unit/pipeline",
    ]


def test_a_module_whose_package_has_no_tests_of_its_own_runs_those_around_it(root: Path) -> None:
    assert unit_tests_for(["console/live/answer.py", "console/kit/page.py"], root) == ["tests/unit/console"]


def test_a_changed_test_runs_alone_and_a_deleted_one_runs_its_folder(root: Path) -> None:
    assert unit_tests_for(["tests/unit/console/kit/test_page.py"], root) == ["tests/unit/console/kit/test_page.py"]
    assert unit_tests_for(["tests/unit/console/kit/test_gone.py"], root) == ["tests/unit/console/kit"]


@pytest.mark.parametrize("name", ["catalogue/binding.py", "queries/lake/days.sql", "tests/support/given.py"])
def test_what_everything_depends_on_runs_all_unit_tests(root: Path, name: str) -> None:
    assert unit_tests_for([name, "console/kit/page.py"], root) == ["tests/unit"]


@pytest.mark.parametrize("changed", [[], ["README.md"], ["docs/spend.md"]])
def test_all_unit_tests_run_where_no_module_changed(root: Path, changed: list[str]) -> None:
    assert unit_tests_for(changed, root) == ["tests/unit"]

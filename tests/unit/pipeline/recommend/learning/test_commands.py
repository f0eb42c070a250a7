"""``python -m pipeline recommend train``, ``models`` and ``rollback`` on a small real lake."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from pipeline.__main__ import main
from pipeline.curate import curate
from pipeline.lake import Lake
from pipeline.recommend.models.embedded import FILE, EmbeddedModelStore
from pipeline.recommend.models.model import BEST_SELLERS, EVERYWHERE, FOR_YOU
from pipeline.sample import generate

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    lake = Lake.create(tmp_path_factory.mktemp("shop") / "lake")
    generate(lake, events=20_000, end=date(2026, 11, 22))
    curate(lake)
    return lake.root


def run(capsys: pytest.CaptureFixture[str], action: str, root: Path, *more: str) -> list[str]:
    assert main(["recommend", action, "--lake", str(root), *more]) == 0
    return capsys.readouterr().out.splitlines()


def test_a_lake_is_learnt_from_again_and_again_and_goes_back_to_the_model_before(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(capsys, "models", root) == ["There is no model yet."]
    first = run(capsys, "train", root)
    assert re.match(r"\d{8}T\d{6}Z-\w{4}  \w+, in use: [\d,]+ products, [\d,]+ visitors", first[0])
    assert [line.split()[-1] for line in first[1:4]] == ["blend", "popularity", "recent_popularity"]
    store = EmbeddedModelStore(root / FILE)
    model = store.current()
    assert model is not None
    assert model.card.version == first[0].split()[0]
    sellers = model.ranked(BEST_SELLERS, EVERYWHERE)
    assert sellers is not None
    assert len(sellers.places) > 50
    assert model.directory[sellers.places[0]].name
    if model.card.method == "blend":
        assert model.neighbours(FOR_YOU, sellers.places[:5])

    second = run(capsys, "train", root)
    assert second[0] != first[0]
    kept = run(capsys, "models", root)
    assert [line.split()[0] for line in kept if line.startswith("20")][:1] == [second[0].split()[0]]
    assert run(capsys, "rollback", root)[0].startswith(f"{first[0].split()[0]} of ")
    assert any(line.startswith(first[0].split()[0]) and ", in use" in line for line in run(capsys, "models", root))
    store.close()


def test_an_empty_lake_has_nothing_to_recommend_and_that_is_no_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lake = Lake.create(tmp_path / "lake")
    assert run(capsys, "train", lake.root) == ["There is nothing to recommend yet: no event names a product."]
    assert run(capsys, "models", lake.root) == ["There is no model yet."]

"""``python -m pipeline recommend evaluate``: from a file to a table or JSON."""

import json
import re
from datetime import date, datetime, timedelta

import numpy as np
import pytest

from catalogue.errors import SettingsError
from pipeline.__main__ import main
from pipeline.recommend.evaluate_command import SplitKind, seeds_of
from pipeline.recommend.evaluation.splits import SPLITS
from tests.support.lake_rows import Rows


@pytest.fixture
def path(tmp_path):
    """30 customers in two groups, and two bad rows."""
    random = np.random.default_rng(3)
    rows = [
        f"c{customer:02},p{product:02},{1_000_000_000 + int(random.integers(1_000_000))}"
        for customer in range(30)
        for product in range(12)
        if random.random() < (0.8 if customer % 2 == product % 2 else 0.1)
    ]
    path = tmp_path / "interactions.csv"
    path.write_text("\n".join(["customer_id,product_id,timestamp", *rows, ",p01,1000000001", "c01,p01,never"]) + "\n")
    return path


@pytest.fixture
def run(capsys, path):
    def run(*arguments):
        code = main(["recommend", "evaluate", "--interactions", str(path), *arguments])
        caught = capsys.readouterr()
        assert code == 0, caught.err
        return caught.out

    return run


def test_json_has_every_metric_of_every_method_with_its_interval(run):
    found = json.loads(
        run("--split", "stratified-by-item", "--models", "cosine,rp3beta", "--k", "3", "--format", "json")
    )
    assert found["split"] == {"kind": "stratified-by-item", "ratio": 0.75, "seeds": [42], "tuned": False}
    assert found["file"]["rows"] == found["interactions"] + 2
    assert {bad["reason"]: bad["rows"] for bad in found["file"]["bad_rows"]} == {
        "has no user": 1,
        "has a time that cannot be read": 1,
    }
    for name in ("cosine", "rp3beta"):
        offline = found["methods"][name]["offline"]
        for metric in ("ndcg", "map", "precision", "recall", "mrr", "hit_rate"):
            assert 0 <= offline[metric]["low"] <= offline[metric]["mean"] <= offline[metric]["high"] <= 1
        assert {"coverage", "entropy", "novelty", "diversity"} < set(offline)
        assert "100" in found["methods"][name]["served"]
        assert found["methods"][name]["training_seconds"][0] >= 0
    assert found["methods"][found["best"]]["difference_to_best"]["ndcg"] == {"mean": 0.0, "low": 0.0, "high": 0.0}


def test_the_same_seed_gives_the_same_figures(run):
    arguments = ("--split", "stratified-by-item", "--models", "cosine", "--format", "json")
    first, again = (json.loads(run(*arguments, "--seed", "1"))["methods"]["cosine"]["offline"] for _ in range(2))
    other = json.loads(run(*arguments, "--seed", "2"))["methods"]["cosine"]["offline"]
    assert first == again != other


def test_the_table_accounts_for_each_row_and_puts_the_best_method_first(run):
    text = run("--split", "temporal", "--models", "cosine,rp3beta", "--served", "5,10", "--tune")
    assert "1 left out: has no user; lines " in text
    header, first, second = text.split("\n\n")[1].splitlines()[:3]
    assert re.match(r"method +nDCG@10 +95 % +vs (cosine|rp3beta) .* served 5 +served 10 +MAP", header)
    ndcg = [float(line.split()[1]) for line in (first, second)]
    assert ndcg == sorted(ndcg, reverse=True)
    assert "Parameters, chosen on an inner split of the training part:" in text


def test_several_seeds_are_one_evaluation(run):
    found = json.loads(
        run("--split", "stratified-by-item", "--models", "cosine", "--seed", "42..44", "--format", "json")
    )
    assert found["split"]["seeds"] == [42, 43, 44]
    assert len(found["parts"]) == len(found["methods"]["cosine"]["training_seconds"]) == 3


def test_a_method_that_is_not_there_is_an_error_of_one_line(path, capsys):
    assert main(["recommend", "evaluate", "--interactions", str(path), "--models", "magic"]) == 2
    assert re.fullmatch(r"pipeline: There is no method 'magic'\. Known: .*\n", capsys.readouterr().err)


def test_the_splits_of_the_command_are_those_there_are():
    assert {kind.value for kind in SplitKind} == set(SPLITS)


@pytest.mark.parametrize(
    ("text", "seeds"), [("42", (42,)), ("1, 2,1", (1, 2)), ("42..44", (42, 43, 44)), ("3..3", (3,))]
)
def test_seeds_are_one_or_several_or_a_span(text, seeds):
    assert seeds_of(text) == seeds


@pytest.mark.parametrize("text", ["many", "4..2", "1..1000", "-1", ""])
def test_what_is_no_seed_is_refused(text):
    with pytest.raises(SettingsError, match="--seed"):
        seeds_of(text)


def test_a_lake_has_the_same_table_on_what_a_training_learns_from(tmp_path, capsys):
    day = date(2026, 3, 1)
    events, interest = [], []
    for number in range(200):
        moment = datetime(2026, 3, 1) + timedelta(hours=3 * number)
        seen = {"event_date": moment.date(), "product_id": f"p{7 * number % 40}"}
        events.append({"event_type": "product_view", "occurred_at": moment, "customer_id": f"c{number % 11}", **seen})
        interest.append({"views": 1, "event_month": day, **seen})
    lake = Rows(tmp_path / "lake").table("events", events).table("daily_interest", interest).lake
    code = main(["recommend", "evaluate", "--lake", str(lake.root), "--models", "cosine", "--format", "json"])
    caught = capsys.readouterr()
    assert code == 0, caught.err
    found = json.loads(caught.out)
    assert (found["file"], found["interactions"], found["split"]["kind"]) == (None, 200, "temporal")
    assert set(found["methods"]) == {"popularity", "cosine"}
    assert f"Lake: {lake.root}" in caught.err
    assert not (lake.root / "recommendations.sqlite").exists()  # nothing is made by looking


@pytest.mark.parametrize("arguments", [[], ["--interactions", "a.csv", "--lake", "lake"]])
def test_either_a_file_or_a_lake_is_evaluated_on(arguments, capsys):
    assert main(["recommend", "evaluate", *arguments]) != 0
    assert "Give --interactions FILE or --lake DIR." in capsys.readouterr().err

"""What an experiment cannot be, and what the refusal says."""

from __future__ import annotations

import pytest

from catalogue.errors import SettingsError
from pipeline.recommend.experiments.checking import check
from pipeline.recommend.experiments.experiment import Experiment, Variant
from tests.support.experiments import HOLDOUT, RECOMMENDED, experiment

A, B = Variant(name="a", share=0.5), Variant(name="b", share=0.5)


@pytest.mark.parametrize(
    "good",
    [
        experiment(),
        experiment("aa", A, B),  # both change nothing: what chance alone does
        experiment("x" * 64, A, Variant(name="trending", share=0.5, surface="trending", model="20260302T040000Z-aaaa")),
        experiment("thirds", *(Variant(name=f"v{n}", share=0.3333333) for n in range(3))),
        experiment("four", *(Variant(name=f"v{n}", share=0.25) for n in range(4))),
        experiment("0-1", HOLDOUT, RECOMMENDED, surfaces=("for_you", "trending"), comment="x" * 500),
        experiment("least", Variant(name="holdout", share=0.001, is_holdout=True), Variant(name="b", share=0.999)),
    ],
)
def test_a_good_experiment_is_not_refused(good: Experiment):
    check(good)


@pytest.mark.parametrize(
    ("bad", "what", "remedy"),
    [
        (experiment(""), "cannot be named ''", "a-z, 0-9 and -"),
        (experiment("autumn sale"), "cannot be named 'autumn sale'", "autumn-holdout"),
        (experiment("Autumn"), "cannot be named", "a-z"),
        (experiment("autumn\n"), "cannot be named", "a-z"),
        (experiment("x" * 65), "cannot be named", "1 to 64"),
        (experiment("e", Variant(name="A", share=0.5), B), "A variant of experiment e cannot be named 'A'", "a-z"),
        (experiment("e", A), "has 1 variant", "2 to 4"),
        (experiment("e", variants=()), "has no variants", "2 to 4"),
        (experiment("e", *(Variant(name=f"v{n}", share=0.2) for n in range(5))), "has 5 variants", "2 to 4"),
        (experiment("e", A, A), "two variants named a", "name of its own"),
        (experiment("e", A, Variant(name="b", share=0.4)), r"add up to 0.9 \(0.5 \+ 0.4\)", "add up to 1"),
        (experiment("e", Variant(name="a", share=0.0), Variant(name="b", share=1.0)), "a share of 0", "0.001 to 0.999"),
        (experiment("e", Variant(name="a", share=-0.5), Variant(name="b", share=1.5)), "a share of -0.5", "0.001"),
        (experiment("e", Variant(name="a", share=10), B), "a share of 10", "0.5 is half the customers"),
        (experiment("e", Variant(name="a", share=float("nan")), B), "a share of nan", "0.001"),
        (experiment("e", RECOMMENDED, HOLDOUT), "a hold-out that is not its first", "it is the control"),
        (
            experiment("e", HOLDOUT, Variant(name="b", share=0.9, is_holdout=True)),
            "a hold-out that is not its first",
            "one hold-out",
        ),
        (
            experiment("e", Variant(name="holdout", share=0.5, is_holdout=True, surface="trending"), B),
            "a hold-out with a surface or a model",
            "shown nothing",
        ),
        (experiment("e", A, Variant(name="b", share=0.5, surface="trendin")), "surface 'trendin'", "for_you, bought"),
        (experiment("e", A, B, surfaces=("foryou",)), "surface 'foryou', which is none", "for_you, bought_together"),
        (experiment("e", A, B, surfaces=("for_you", "for_you")), "a surface twice", "once"),
        (experiment("e", A, B, comment="x" * 501), "a comment of 501 characters", "500"),
    ],
)
def test_what_cannot_be_is_refused_with_what_may_be(bad: Experiment, what: str, remedy: str):
    with pytest.raises(SettingsError, match=what) as caught:
        check(bad)
    assert remedy in caught.value.remedy

"""Which variant a customer is given: by a hash that every program computes alike."""

from __future__ import annotations

import math
import subprocess
import sys
from collections import Counter
from itertools import pairwise

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlglot import parse_one

from pipeline.recommend.experiments.experiment import AFTER_ALL, Experiment, Variant, digits_of
from tests.support.experiments import experiment

CUSTOMERS = 100_000
AWKWARD = ["c1", "ü", "naïve/é", "客户-7", "a b", "", "😀", "e\u0301", "A", "a", "1e5", "\t", "'it''s'", "x" * 64]
DIGITS_SQL = "select substr(lower(to_hex(md5(to_utf8(concat('autumn', '/', ?))))), 1, 4)"  # as queries/ writes it


def shares(*values: float) -> Experiment:
    return experiment("e", *(Variant(name=f"v{place}", share=share) for place, share in enumerate(values)))


@pytest.mark.parametrize(
    ("name", "customer", "digits"),
    [
        # printf '%s' 'autumn/c1' | md5sum | cut -c1-4
        ("autumn", "c1", "1956"),
        ("autumn", "c2", "829a"),
        ("autumn", "ü", "2970"),
        ("a-b", "客户-7", "3b59"),
        ("x", "", "0d5c"),
    ],
)
def test_the_digits_are_the_first_four_of_md5(name: str, customer: str, digits: str):
    assert digits_of(name, customer) == digits


@pytest.mark.parametrize("customer", AWKWARD)
def test_the_lake_finds_the_same_digits(customer: str):
    statement = parse_one(DIGITS_SQL, read="athena").sql("duckdb")
    assert duckdb.execute(statement, [customer]).fetchall() == [(digits_of("autumn", customer),)]


def test_another_process_finds_the_same_variants():
    ids = [f"c{number}" for number in range(50)]
    program = (
        "from pipeline.recommend.experiments.experiment import digits_of\n"
        f"print(*(digits_of('autumn', customer) for customer in {ids!r}))"
    )
    done = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.split() == [digits_of("autumn", customer) for customer in ids]


@pytest.mark.parametrize(
    ("values", "bounds"),
    [
        ((0.5, 0.5), ["8000", "g"]),
        ((0.1, 0.9), ["199a", "g"]),  # 6,553.6 of 65,536, rounded
        ((0.25, 0.25, 0.25, 0.25), ["4000", "8000", "c000", "g"]),
        ((0.001, 0.999), ["0042", "g"]),
        ((0.999, 0.001), ["ffbe", "g"]),
        ((1 / 3, 1 / 3, 1 / 3), ["5555", "aaab", "g"]),
    ],
)
def test_the_bounds_are_the_shares_in_hexadecimal(values: tuple[float, ...], bounds: list[str]):
    assert list(shares(*values).bounds()) == bounds


def test_a_bound_belongs_to_the_next_variant():
    half = shares(0.5, 0.5)
    below = next(f"c{n}" for n in range(10**6) if digits_of("e", f"c{n}") == "7fff")
    at = next(f"c{n}" for n in range(10**6) if digits_of("e", f"c{n}") == "8000")
    assert (half.variant_of(below).name, half.variant_of(at).name) == ("v0", "v1")


@pytest.mark.parametrize(
    "values", [(0.1, 0.9), (0.5, 0.5), (0.01, 0.33, 0.66), (0.25, 0.25, 0.25, 0.25), (0.001, 0.999)]
)
def test_shares_are_met_within_chance(values: tuple[float, ...]):
    compared = shares(*values)
    found = Counter(compared.variant_of(f"customer-{number}").name for number in range(CUSTOMERS))
    # Pearson's chi-square against its value at 99.99 %, for 1 to 3 degrees of freedom
    expected = {f"v{place}": share * CUSTOMERS for place, share in enumerate(values)}
    statistic = sum((found[name] - count) ** 2 / count for name, count in expected.items())
    assert statistic < {2: 15.14, 3: 18.42, 4: 21.11}[len(values)]


def test_two_experiments_divide_customers_independently_of_each_other():
    one, other = (experiment(name, *shares(0.3, 0.7).variants) for name in ("spring", "summer"))
    found = Counter(
        (one.variant_of(customer).name, other.variant_of(customer).name)
        for customer in (f"customer-{number}" for number in range(CUSTOMERS))
    )
    rows = {name: sum(count for (row, _), count in found.items() if row == name) for name in ("v0", "v1")}
    columns = {name: sum(count for (_, column), count in found.items() if column == name) for name in ("v0", "v1")}
    expected = {(row, column): rows[row] * columns[column] / CUSTOMERS for row in rows for column in columns}
    assert sum((found[cell] - count) ** 2 / count for cell, count in expected.items()) < 15.14  # 99.99 %, 1 degree


@given(st.text(max_size=64), st.lists(st.floats(0.001, 1), min_size=2, max_size=4))
def test_every_customer_is_given_exactly_one_variant_and_always_the_same(customer: str, parts: list[float]):
    compared = shares(*(part / math.fsum(parts) for part in parts))
    bounds = ["", *compared.bounds()]
    assert bounds[-1] == AFTER_ALL
    assert all(before <= after for before, after in pairwise(bounds))
    digits = digits_of("e", customer)
    within = [place for place, (low, high) in enumerate(pairwise(bounds)) if low <= digits < high]
    assert within == [compared.variants.index(compared.variant_of(customer))]

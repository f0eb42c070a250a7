"""Parts of a model as bytes."""

from __future__ import annotations

import random
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.recommend.models import packing
from pipeline.recommend.models.model import DirectoryEntry, Neighbours

WEIGHTS = st.floats(-1e300, 1e300, allow_subnormal=True)
PAIRS = st.lists(st.tuples(st.integers(0, 2**32 - 1), WEIGHTS), max_size=500)


@given(PAIRS)
def test_places_come_back_exactly_and_weights_within_half_a_step(pairs: list[tuple[int, float]]):
    places, weights = tuple(place for place, _ in pairs), tuple(weight for _, weight in pairs)
    found = packing.unpack_neighbours(packing.pack_neighbours(Neighbours(places, weights)))
    assert tuple(found.places) == places
    step = max(map(abs, weights), default=0.0) / 32_767
    for weight, back in zip(weights, found.weights, strict=True):
        assert abs(weight - back) <= step * (0.5 + 1e-9) + 5e-324 * 32_767


def test_the_strongest_weight_and_zero_come_back_exactly_enough_and_keep_their_signs():
    found = packing.unpack_neighbours(packing.pack_neighbours(Neighbours((7, 3, 9), (-0.5, 0.25, 0.0))))
    assert list(found.places) == [7, 3, 9]
    assert found.weights == pytest.approx((-0.5, 0.25, 0.0), abs=0.5 / 32_767)
    assert found.weights[0] < 0 < found.weights[1]


def test_no_neighbours_are_few_bytes():
    found = packing.unpack_neighbours(packing.pack_neighbours(Neighbours()))
    assert (len(found.places), found.weights) == (0, ())
    assert len(packing.pack_neighbours(Neighbours())) == 11


def test_four_hundred_neighbours_of_a_small_shop_take_less_than_two_kilobytes():
    narrow = Neighbours(tuple(range(400)), (0.5,) * 400)
    wide = Neighbours(tuple(range(70_000, 70_400)), (0.5,) * 400)
    assert [len(packing.pack_neighbours(one)) for one in (narrow, wide)] == [11 + 400 * 4, 11 + 400 * 6]


@pytest.mark.parametrize(
    ("neighbours", "why"),
    [
        (Neighbours((1, 2), (0.5,)), "2 places and 1 weights"),
        (Neighbours((1,), (float("nan"),)), "no finite"),
        (Neighbours((1,), (float("inf"),)), "no finite"),
        (Neighbours((0,) * 65_536, (1.0,) * 65_536), "65536 places"),
    ],
)
def test_what_cannot_be_kept_is_refused(neighbours: Neighbours, why: str):
    with pytest.raises(ValueError, match=why):
        packing.pack_neighbours(neighbours)


def test_a_place_that_is_none_is_refused():
    with pytest.raises(struct.error):
        packing.pack_neighbours(Neighbours((-1,), (1.0,)))


@given(st.lists(st.builds(DirectoryEntry, st.text(), st.text(), st.text(), st.booleans()), max_size=40))
def test_a_directory_comes_back_in_its_order(directory: list[DirectoryEntry]):
    assert packing.unpack_directory(list(packing.directory_pages(directory))) == tuple(directory)


def test_pages_of_names_that_do_not_compress_stay_below_300_kilobytes():
    numbers = random.Random(7)
    names = [numbers.randbytes(60).hex() for _ in range(20_000)]
    directory = tuple(DirectoryEntry(f"p{n}", "Kitchen", name) for n, name in enumerate(names))
    pages = list(packing.directory_pages(directory))
    assert max(map(len, pages)) <= 300_000
    assert len(pages) > 3
    assert packing.unpack_directory(pages) == directory


@given(st.lists(st.floats(width=32, allow_nan=False), max_size=200))
def test_a_prior_comes_back_as_float32(prior: list[float]):
    assert list(packing.unpack_prior(list(packing.prior_pages(prior)))) == prior


def test_a_prior_of_a_hundred_thousand_products_takes_two_pages():
    assert [len(page) for page in packing.prior_pages((0.5,) * 100_000)] == [200_000, 200_000]

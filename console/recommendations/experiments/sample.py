"""A variant's customers as counts and sums: all that the statistics need of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Sample:
    """One outcome of the customers of a variant.

    Attributes
    ----------
    customers : how many, those with an outcome of 0 included
    total, squares : Σ outcome and Σ outcome² over the customers
    active : how many have an outcome other than 0, such as buyers
    """

    customers: int = 0
    total: float = 0.0
    squares: float = 0.0
    active: int = 0

    def __add__(self, other: Sample) -> Sample:
        """Both together."""
        return Sample(
            self.customers + other.customers,
            self.total + other.total,
            self.squares + other.squares,
            self.active + other.active,
        )

    @property
    def mean(self) -> float:
        """Outcome per customer; 0 without customers."""
        return self.total / self.customers if self.customers else 0.0

    @property
    def variance(self) -> float:
        """Sample variance of the outcome (divided by customers − 1); 0 for fewer than two customers.

        Amounts of a shop have a mean of the size of their deviation or below, so that the difference of the two sums
        loses no digit that matters.
        """
        if self.customers < 2:
            return 0.0
        return max(0.0, (self.squares - self.total * self.mean) / (self.customers - 1))


def running(samples: Iterable[Sample]) -> list[Sample]:
    """For every day, all customers up to it."""
    found, before = [], Sample()
    for sample in samples:
        before += sample
        found.append(before)
    return found

"""Intervals that hold at every look: an experiment may be watched each day, and ended on any of them.

A usual interval of 95 % misses the truth in 5 of 100 experiments if it is looked at once, on a day that was fixed
before. Who looks each day and stops at the first "significant" one is wrong several times as often. A *confidence
sequence* is wide enough that in 95 of 100 experiments it holds the truth on all days together.

Source: Waudby-Smith, Arbour, Sinha, Kennedy, Ramdas, "Time-uniform central limit theory and asymptotic confidence
sequences", Annals of Statistics 52(6), 2024 (arXiv 2103.06476): theorem 2.2, the Gaussian mixture,

    μ̂_t ± σ̂_t · √( 2 (t ρ² + 1) / (t² ρ²) · log( √(t ρ² + 1) / α ) ),

with the ρ that makes it narrowest after `PLANNED_CUSTOMERS` (there in appendix B.2, *Optimizing for a fixed time*),

    ρ² = ( −W₋₁(−α² / e) − 1 ) / t*.

It is asymptotic, as the z-interval is: it needs the sums to be about normal at the first look. How many buyers that
takes is in `lift`.
"""

from __future__ import annotations

import math
from functools import lru_cache

ALPHA = 0.05
PLANNED_CUSTOMERS = 10_000  # narrowest there, at 3.0 standard errors; 3.8 at a tenth of it, and 3.3 at ten times it
_ROUNDS = 100  # of a contraction by the factor 8 or more each


def standard_errors(customers: int, alpha: float = ALPHA) -> float:
    """Half the width of the interval in standard errors of the estimate (σ̂_t ÷ √t) after so many customers (t).

    A z-interval has 1.96 whatever the number.
    """
    scaled = customers * _rho_squared(alpha)
    return math.sqrt((scaled + 1) / scaled * math.log((scaled + 1) / alpha**2))


def customers_until(half_width: float, variance: float, alpha: float = ALPHA) -> int:
    """The least number of customers after which the interval is at most ± `half_width`.

    Parameters
    ----------
    half_width : in the unit of the estimate, above 0
    variance : of the estimate times customers (σ²), taken to stay as it is
    """
    enough = 1
    while _half_width(enough, variance, alpha) > half_width:
        enough *= 2
    least = enough // 2 + 1
    while least < enough:
        middle = (least + enough) // 2
        if _half_width(middle, variance, alpha) > half_width:
            least = middle + 1
        else:
            enough = middle
    return enough


def _half_width(customers: int, variance: float, alpha: float) -> float:
    return standard_errors(customers, alpha) * math.sqrt(variance / customers)


@lru_cache(maxsize=16)
def _rho_squared(alpha: float) -> float:
    """ρ², from the x = t* ρ² with x = log((x + 1) ÷ α²), which is −W₋₁(−α² ÷ e) − 1."""
    x = 1.0
    for _ in range(_ROUNDS):
        x = math.log((x + 1) / alpha**2)
    return x / PLANNED_CUSTOMERS

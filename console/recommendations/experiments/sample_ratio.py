"""Sample-ratio mismatch: do the variants have the customers that their shares promise?

Where they do not, customers get lost or counted in one variant only (a variant that fails to load, events that are not
sent, robots), and a difference between the variants may come from that alone. The test may be looked at any day.

Source: Lindon, Malek, "Anytime-valid inference for multinomial count data", NeurIPS 2022. After n customers, n_i of
them in variant i with the share θ_i, the Bayes factor of a Dirichlet(α) prior, α_i = c θ_i, against the shares is

    O_n = Γ(Σα) ÷ Γ(Σα + n) · Π Γ(α_i + n_i) ÷ Γ(α_i) · Π θ_i^(−n_i),

under the shares a martingale from 1; so p_n = 1 ÷ max(O_1 … O_n) is below a level u, on any day at all, in at most a
share u of the experiments (Ville).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

CONCENTRATION = 1_000  # c: looks first for shares that are off by one or two points, as lost customers make them
ALARM = 0.01  # the alarm stops everything else, so it may be false in one experiment of a hundred, not in five


def mismatch(days: Sequence[Sequence[int]], shares: Sequence[float]) -> list[float]:
    """By day, the p-value of the test that customers come in the shares promised.

    Parameters
    ----------
    days : by day, the customers of each variant up to it
    shares : of the variants, above 0; they add up to 1

    Returns
    -------
    1 where nothing speaks against the shares; it never rises.
    """
    found, least = [], 1.0
    for counts in days:
        least = min(least, math.exp(min(0.0, -log_bayes_factor(counts, shares))))
        found.append(least)
    return found


def log_bayes_factor(counts: Sequence[int], shares: Sequence[float]) -> float:
    """log O_n: how much likelier the counts are with other shares than with those promised."""
    priors = [CONCENTRATION * share for share in shares]
    total = math.lgamma(CONCENTRATION) - math.lgamma(CONCENTRATION + sum(counts))
    for count, prior, share in zip(counts, priors, shares, strict=True):
        total += math.lgamma(prior + count) - math.lgamma(prior) - count * math.log(share)
    return total

"""What *Coverage and what is shown* says in sentences."""

from __future__ import annotations

from console.asking import formatting as text
from console.recommendations.coverage.answer import WEEKS_DAYS, Coverage


def lines(found: Coverage, currency: str) -> list[str]:
    """How coverage moves, and what the products that are never shown sell."""
    if found.shown is None:
        return ["There is no model in use, so nobody knows which products could be shown: learn one under Models."]
    said = []
    if found.ignores_channels:
        said.append(
            "The products shown are not kept by channel: coverage, and what is never shown, are of all channels."
        )
    if not found.available:
        said.append("No product of this selection is available.")
    if found.last_weeks is not None and found.weeks_before is not None:
        moved = "falls" if found.last_weeks < found.weeks_before else "rises"
        now, before = text.percent(found.last_weeks), text.percent(found.weeks_before)
        weeks = f"in the last {WEEKS_DAYS} days against the {WEEKS_DAYS} before"
        said.append(
            f"Coverage is {now} as it was, {weeks}." if now == before
            else f"Coverage {moved} {weeks}: from {before} to {now}."
        )  # fmt: skip
    sold = [product for product in found.never_shown if product.units > 0]
    if sold:
        revenue = sum(product.net_revenue for product in sold)
        said.append(
            f"{text.counted(len(sold), 'product')} of the {text.count(len(found.never_shown))} never shown sold all "
            f"the same: {text.money(revenue, currency)} of net revenue."
        )
    elif found.never_shown:
        said.append(f"None of the {text.counted(len(found.never_shown), 'product')} never shown sold anything.")
    if found.withdrawn:
        verb = "is" if found.withdrawn == 1 else "are"
        said.append(f"{text.counted(found.withdrawn, 'shown product')} {verb} not available now.")
    return said

"""The parts of the page, of which one is chosen by the link (``?part=models``)."""

from __future__ import annotations

from console.kit.link import Choice

CUSTOMER, MODELS, EXPERIMENTS, PROFIT = "customer", "models", "experiments", "profit"
PARTS = {
    CUSTOMER: "For a customer",
    MODELS: "Models",
    EXPERIMENTS: "Experiments",
    PROFIT: "Profit and loss",
}


def choose() -> str:
    """Draw the control; returns the part chosen."""
    return Choice("part", PARTS, CUSTOMER).draw("Part of the page", is_label_shown=False)

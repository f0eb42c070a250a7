"""``python -m pipeline recommend``: learn what to recommend, and measure how good it is."""

from __future__ import annotations

from catalogue.command_line import group
from pipeline.recommend.evaluation.command import evaluate

recommend = group(help="Learn what to recommend, and measure how good it is.", no_args_is_help=True)
recommend.command()(evaluate)


@recommend.callback()
def _actions() -> None:
    """Keep the name of an action even while there is one alone."""

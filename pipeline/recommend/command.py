"""``python -m pipeline recommend``: learn what to recommend, measure and compare it, and leave customers out."""

from __future__ import annotations

from catalogue.command_line import group
from pipeline.recommend.customers.opting_out import opt_in, opt_out
from pipeline.recommend.evaluate_command import evaluate
from pipeline.recommend.experiments.commands import experiments
from pipeline.recommend.learning.commands import models, rollback, train

recommend = group(
    help="Learn what to recommend, measure and compare it, and leave customers out.", no_args_is_help=True
)
for action in (train, models, rollback, evaluate):
    recommend.command()(action)
recommend.add_typer(experiments, name="experiments")
recommend.command("opt-out")(opt_out)
recommend.command("opt-in")(opt_in)

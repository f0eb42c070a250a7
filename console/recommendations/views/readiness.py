"""How far a shop is from its first model: a bar for each thing that one takes. Pure HTML."""

from __future__ import annotations

from html import escape

from console.asking import formatting as text
from console.kit import prose
from console.recommendations.source import ModelRecord, Need, Trainer

NO_NEEDS = "No training has counted yet what there is."
START = "Train now, on the part Models, starts one."


def meter(newest: ModelRecord | None, trainer: Trainer, *, has_counts: bool = True) -> str:
    """What a model takes, how much there is, and which part of that is missing.

    Parameters
    ----------
    has_counts : False says what is missing, but not how much there is: for a reader of a part of it
    """
    needs = newest.needs if newest is not None else ()
    lacking = [need for need in needs if need.have < need.need]
    if not needs:
        title, rest = "There is no model yet", f"<p>{NO_NEEDS} {prose.with_commands(trainer.how or START)}</p>"
    elif lacking:
        names = text.names([need.what for need in lacking], "")
        title = "There is no model yet"
        rest = f"<p>Until there is enough, everybody gets best sellers. Missing: {escape(names)}.</p>"
    else:
        title, rest = "There is enough to learn from", "<p>The next training makes a model.</p>"
    bars = "".join(map(_bar, needs)) if has_counts else ""
    return f'<section class="tk-empty tk-ready"><h2>{title}</h2>{rest}{bars}</section>'


def _bar(need: Need) -> str:
    share = min(need.have / need.need, 1.0) if need.need else 1.0
    words = f"{text.count(need.have)} of {text.count(need.need)}"
    done = " tk-met" if need.have >= need.need else ""
    return (
        f'<div class="tk-need{done}" role="meter" aria-label="{escape(need.what)}" aria-valuemin="0"'
        f' aria-valuemax="{need.need}" aria-valuenow="{min(need.have, need.need)}" style="--tk-share:{share:.4f}">'
        f"<span>{escape(need.what.capitalize())}</span><i></i><b>{words}</b></div>"
    )

"""How the part *Models* is drawn: the training, the model in use, quality over time, and every model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import streamlit as st

from console.asking import formatting as text
from console.asking.engines import Result
from console.asking.figures import Unit
from console.asking.scope import Scope
from console.kit import page, plots, prose, tables
from console.recommendations import models as learnt
from console.recommendations.models import METHODS
from console.recommendations.source import ModelRecord, RecommendationSource
from console.recommendations.views import quality, readiness, training

COLUMNS = {
    "trained_at": tables.Column("Trained"),
    "use": tables.Column("Use"),
    "method": tables.Column("Method"),
    "quality": tables.Column(
        "nDCG@10", Unit.RATIO, digits=3, help="Of the blend, on the newest days; 1 is a perfect order"
    ),
    "low": tables.Column("From", Unit.RATIO, digits=3, help="Lower end of the interval of 95 %"),
    "high": tables.Column("To", Unit.RATIO, digits=3, help="Upper end of the interval of 95 %"),
    "popularity": tables.Column(
        "Popularity", Unit.RATIO, digits=3, help="nDCG@10 of the best sellers on the same days"
    ),
    "coverage": tables.Column("Coverage", Unit.PERCENT, help="Available products among anybody's ten"),
    "unknown_share": tables.Column(
        "Unknown", Unit.PERCENT, help="Share of the newest week's actions that the model before could not know"
    ),
    "interactions": tables.Column("Interactions", Unit.COUNT),
    "customers": tables.Column("Visitors", Unit.COUNT),
    "products": tables.Column("Products", Unit.COUNT),
    "training_seconds": tables.Column("Seconds", Unit.RATIO, digits=0, help="Of the training"),
    "reason": tables.Column("Why it is not in use"),
    "version": tables.Column("Version"),
}
NOTE = "Nothing here is asked of the lake: a model brings its own card, and no customer is in it."
COUNTS = ("interactions", "customers")  # of all regions
NOTE_OF_REGIONS = (
    "Models are learnt from all regions: how many interactions and visitors there are is left out for you."
)


class _Nothing:
    """An answer that the lake was not asked for."""

    results: Sequence[Result] = ()


def draw(reader: page.Reader, source: RecommendationSource) -> None:
    """Draw the part, with its trust line."""
    models, is_whole = source.models(), reader.scope.row_filter.regions is None
    current = learnt.in_use(models)
    training.draw(reader.scope, source, models)
    if current is None or learnt.is_lists_alone(current):
        newest = current or next(iter(models), None)
        st.html(readiness.meter(newest, source.trainer, has_counts=is_whole))
    if not is_whole:
        models = learnt.without_counts(models)
        current = learnt.in_use(models)
    if current is not None:
        _card(reader, source, models, current)
    if models:
        about = [("Models", text.count(len(models))), *reader.sample_lines]
        plots.draw(quality.by_training(models), "recommendation-quality", about=about)
        drift = quality.drift(models)
        for column, plot in zip(st.columns(2, gap="medium") if drift else (), drift, strict=True):
            with column:
                plots.draw(plot, f"recommendation-{plot.title.split()[0].lower()}", about=about)
        when = {model.version: text.instant(model.trained_at) for model in models}
        columns = {name: column for name, column in COLUMNS.items() if is_whole or name not in COUNTS}
        tables.show(
            learnt.rows(models, when), columns, export_as="recommendation-models", title="Every model", about=about
        )
    reader.trust_line(_Nothing(), notes=(NOTE,) if is_whole else (NOTE, NOTE_OF_REGIONS))


def _card(
    reader: page.Reader, source: RecommendationSource, models: Sequence[ModelRecord], current: ModelRecord
) -> None:
    facts, measures = st.columns([3, 2], gap="large")
    with facts:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            age = text.age(current.trained_at, reader.scope.now())
            title = "The lists in use" if learnt.is_lists_alone(current) else "The model in use"
            st.html(prose.heading(title, f"trained {age}"), width="stretch")
            _roll_back(source, learnt.before(models))
        st.html(_facts(current, reader.scope))
        prose.lines("", learnt.missing(current))
    with measures:
        st.html(prose.heading("How good it is", "nDCG@10, 95 % intervals"))
        st.html(_measures(current))
    with st.expander("Parameters", icon=":material/tune:"):
        st.html(_parameters(current.parameters))


def _facts(model: ModelRecord, scope: Scope) -> str:
    window = "unknown"
    if model.first_event is not None and model.last_event is not None:
        window = text.days(scope.day_of(model.first_event), scope.day_of(model.last_event))
    method = "lists for everybody" if learnt.is_lists_alone(model) else METHODS.get(model.method, model.method)
    facts = [
        ("Trained", text.instant(model.trained_at)),
        ("Learnt from", window),
        ("Method", method),
        *([] if model.interactions is None else [("Interactions", text.count(model.interactions))]),
        *([] if model.customers is None else [("Visitors", text.count(model.customers))]),
        ("Products", text.count(model.products)),
        ("Coverage", text.percent(model.coverage)),
        ("Unknown before", text.percent(model.unknown_share)),
        ("Training", f"{text.duration(model.training_seconds)}, {text.count(round(model.peak_megabytes))} MB"),
        ("Version", model.version),
        ("Code", model.code_version or "not installed"),
    ]
    items = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in facts)
    return f'<dl class="tk-who tk-facts">{items}</dl>'


def _measures(model: ModelRecord) -> str:
    """A band for each method from the lower to the upper end of its interval, and a mark at its value."""
    measures = [one for one in model.measures if one.name == learnt.MEASURE]
    if not measures:
        return prose.calm("It was not measured: there is too little yet.")
    most = max(one.high for one in measures) or 1.0
    rows = []
    for one in sorted(measures, key=lambda one: one.value, reverse=True):
        words = f"{text.ratio(one.low, 3)} to {text.ratio(one.high, 3)}"
        own = " tk-own" if one.method == model.method else ""
        rows.append(
            f'<div class="tk-measure{own}" style="--tk-low:{one.low / most:.4f};--tk-high:{one.high / most:.4f};'
            f'--tk-at:{one.value / most:.4f}"><span>{escape(METHODS.get(one.method, one.method))}</span>'
            f"<i></i><b>{text.ratio(one.value, 3)}</b><small>{words}</small></div>"
        )
    return "".join(rows)


def _parameters(parameters: Mapping[str, float | int | str]) -> str:
    rows = "".join(
        f"<div><dt>{escape(name.replace('_', ' '))}</dt><dd>{escape(str(value))}</dd></div>"
        for name, value in parameters.items()
    )
    return f'<dl class="tk-who tk-facts">{rows}</dl>' if rows else prose.calm("It has none.")


def _roll_back(source: RecommendationSource, before: ModelRecord | None) -> None:
    """Use the model before again, once a reader confirms it."""
    if before is None:
        return
    with st.popover("Roll back", icon=":material/undo:", type="tertiary"):
        when = text.instant(before.trained_at)
        st.html(
            f"<p>Use the model of {escape(when)} again? Answers change within a second, on AWS within half a minute."
            " The next training undoes it.</p>"
        )
        if st.button("Use it again", key="tk-recommend-rollback", type="primary"):
            with page.errors_shown():
                version = source.rollback()
                st.toast(f"Model {version} is in use again.")
                st.rerun()

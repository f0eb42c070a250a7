"""How the part *Experiments* is drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

import streamlit as st

from catalogue.errors import TakingsError
from console.asking import formatting as text
from console.asking.engines import combine
from console.asking.figures import Better, Figure, Unit
from console.kit import charts, page, prose, tables, tiles
from console.kit.link import Choice
from console.recommendations.customer import SURFACES
from console.recommendations.experiments import answer, words
from console.recommendations.experiments import charts as drawn
from console.recommendations.experiments.answer import Findings
from console.recommendations.experiments.comparison import Comparison
from console.recommendations.experiments.incremental import THOUSAND, margin_is_unknown
from console.recommendations.experiments.outcomes import Outcome, VariantOutcomes
from console.recommendations.experiments.proposal import MEANING, MOST_COMMENT, MOST_NAME, Design, Proposal
from console.recommendations.source import ExperimentRecord, RecommendationSource, Use

OUTCOME = Choice("outcome", {outcome.value: outcome.capitalize() for outcome in Outcome}, Outcome.NET_REVENUE.value)
_SHARE = {Design.HOLDOUT: 10}  # per cent at first; else half


def draw(reader: page.Reader, source: RecommendationSource) -> None:
    """Draw the part, with its trust line."""
    refusal = answer.restricted(reader.scope)
    page.stop_if_empty(
        bool(refusal),
        title="Experiments are of the whole shop",
        next_step=f"{refusal}. Ask somebody who sees all regions.",
    )
    experiments = answer.running_first(source.experiments())
    chosen = _bar(reader, source, experiments)
    page.stop_if_empty(
        chosen is None,
        title="There is no experiment yet",
        next_step="Only customers who are shown nothing tell what recommendations bring. Hold some out: with the "
        "button above, or with this command.",
        commands=[words.START_COMMAND],
    )
    if chosen is None:
        return
    found = answer.findings(reader.scope, chosen)
    st.html(
        prose.heading(chosen.name, f"{words.state(chosen, reader.scope.reporting_time_zone)}: {words.about(chosen)}")
    )
    if chosen.comment:
        st.html(prose.calm(chosen.comment))
    if found.is_too_young:
        st.html(prose.calm(words.too_young(found)))
    else:
        _findings(reader, found)
    _all(experiments, reader)
    notes = [words.method(found), *([] if any(one.holdout for one in experiments) else [words.NO_HOLDOUT])]
    reader.trust_line(found, notes=notes)


def _findings(reader: page.Reader, found: Findings) -> None:
    """The verdict, its figures, how sure it has been on each day, and the variants."""
    outcome = Outcome(OUTCOME.draw("Outcome", is_label_shown=False))
    comparisons = found.comparisons[outcome]
    _mismatch(found)
    for comparison in comparisons:
        st.html(f'<p class="tk-state">{escape(words.verdict(found, comparison))}</p>')
    tiles.row(_figures(found, comparisons[0]))
    charts.draw(drawn.by_outcome([one for shown in found.comparisons.values() for one in shown]))
    for comparison in comparisons:
        charts.draw(drawn.by_day(comparison, found.days, found.currency))
    if found.incremental is not None:
        st.html(prose.calm(words.incremental(found.incremental, found.currency)))
    if unknown := words.unknown_margin(found):
        st.html(prose.calm(unknown))
    _variants(found, comparisons, reader)


def _mismatch(found: Findings) -> None:
    said = words.mismatch(found)
    if said:
        lines = "".join(f"<p>{escape(line)}</p>" for line in said)
        title = "Sample-ratio mismatch: do not trust this experiment"
        st.html(f'<section class="tk-failed" role="alert"><h2>{title}</h2>{lines}</section>')


def _figures(found: Findings, comparison: Comparison) -> list[Figure]:
    """Customers, a variant's lift, when it is known, and what is incremental."""
    lift, best = comparison.relative, comparison.best_known
    of = f", {comparison.variant.variant.name}" if len(found.variants) > 2 else ""
    known = words.bounds(comparison, best, found.currency) if best is not None else words.why_unknown(comparison)
    figures = [
        Figure("Customers", sum(one.customers for one in found.variants), Unit.COUNT, better=Better.NEITHER),
        Figure(
            f"Lift of {comparison.outcome}{of}",
            None if lift is None else lift.value,
            Unit.PERCENT,
            note=known,
        ),
        Figure(
            f"Customers still needed{of}",
            comparison.needed if words.can_be_waited_for(comparison) else None,
            Unit.COUNT,
            better=Better.LOWER,
            note=words.precision(comparison),
        ),
    ]
    if found.experiment.holdout is not None:
        margin = None if found.incremental is None else found.incremental.of_a_thousand()
        low_high = "" if margin is None else " to ".join(
            text.compact(end, Unit.MONEY, found.currency) for end in (margin.low, margin.high)
        )  # fmt: skip
        figures.append(
            Figure(
                f"Incremental margin per {text.count(THOUSAND)} customers",
                None if margin is None else margin.value,
                Unit.MONEY,
                found.currency,
                note=low_high or words.why_not_incremental(found),
            )
        )
    return figures


@dataclass(frozen=True)
class _Line:
    """One line of the table of variants."""

    variant: str
    customers: int
    share: float
    promised: float
    buyers: float
    revenue: float
    margin: float | None
    lift: float | None
    low: float | None
    high: float | None


def _line(one: VariantOutcomes, whole: int, comparison: Comparison | None) -> _Line:
    lift = None if comparison is None else comparison.relative
    ends = (None, None, None) if lift is None else (lift.value, lift.low, lift.high)
    return _Line(
        one.variant.name,
        one.customers,
        one.customers / whole if whole else 0.0,
        one.variant.share,
        one.whole(Outcome.BUYERS).mean,
        one.whole(Outcome.NET_REVENUE).mean,
        None if margin_is_unknown((one,)) else one.whole(Outcome.GROSS_MARGIN).mean,
        *ends,
    )


def _variants(found: Findings, comparisons: Sequence[Comparison], reader: page.Reader) -> None:
    whole = sum(one.customers for one in found.variants)
    lines = [
        _line(one, whole, comparison) for one, comparison in zip(found.variants, [None, *comparisons], strict=True)
    ]
    outcome = comparisons[0].outcome
    money = found.currency
    tables.show(
        lines,
        {
            "variant": tables.Column("Variant"),
            "customers": tables.Column("Customers", Unit.COUNT, help="Whose 7 days are over"),
            "share": tables.Column("Share", Unit.PERCENT),
            "promised": tables.Column("Promised share", Unit.PERCENT),
            "buyers": tables.Column("Buyers", Unit.PERCENT, help="Customers with an order ÷ customers"),
            "revenue": tables.Column("Net revenue per customer", Unit.MONEY, money),
            "margin": tables.Column("Gross margin per customer", Unit.MONEY, money),
            "lift": tables.Column(f"Lift of {outcome}", Unit.PERCENT, help="Against the first variant, the control"),
            "low": tables.Column("From", Unit.PERCENT),
            "high": tables.Column("To", Unit.PERCENT),
        },
        export_as="experiment-variants",
        title="Variants",
        about=[
            (
                "Experiment",
                f"{found.experiment.name}, {words.state(found.experiment, reader.scope.reporting_time_zone)}",
            ),
            ("Customers who came", text.days(found.days[0], found.days[-1])),
            ("Currency", found.currency),
            ("Data as of", text.instant(combine(found.results).data_as_of)),
            *reader.sample_lines,
        ],
    )


@dataclass(frozen=True)
class _Listed:
    """One line of the list of experiments."""

    name: str
    state: str
    compares: str
    comment: str


def _all(experiments: Sequence[ExperimentRecord], reader: page.Reader) -> None:
    tables.show(
        [
            _Listed(one.name, words.state(one, reader.scope.reporting_time_zone), words.about(one), one.comment)
            for one in experiments
        ],
        {
            "name": tables.Column("Experiment"),
            "state": tables.Column("State"),
            "compares": tables.Column("Compares"),
            "comment": tables.Column("Comment"),
        },
        export_as="experiments",
        title="All experiments",
        about=reader.sample_lines,
    )


def _bar(
    reader: page.Reader, source: RecommendationSource, experiments: Sequence[ExperimentRecord]
) -> ExperimentRecord | None:
    """Which experiment is looked at, and the buttons that start and end one."""
    by_name = {one.name: one for one in experiments}
    chosen = None
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key="tk-experiment-bar"):
        if by_name:
            zone = reader.scope.reporting_time_zone
            options = {name: f"{name} · {words.state(one, zone)}" for name, one in by_name.items()}
            choice = Choice("experiment", options, next(iter(options)), is_always_written=True)
            chosen = by_name[choice.draw_list("Experiment", width=340)]
        with st.popover("Start an experiment", icon=":material/science:", key="tk-experiment-start"):
            _start(reader, source, experiments)
        if chosen is not None and chosen.ended_at is None:
            with st.popover("End it", icon=":material/stop_circle:", key="tk-experiment-end"):
                st.markdown(prose.escaped(words.ending(chosen)))
                if st.button("End it now", type="primary", key=f"tk-experiment-end-{chosen.name}"):
                    _change(lambda: source.end_experiment(chosen.name))
    return chosen


def _start(reader: page.Reader, source: RecommendationSource, experiments: Sequence[ExperimentRecord]) -> None:
    """What is filled in, what it does, and the button that does it."""
    mark = len(experiments)  # another experiment begins with an empty form
    design = Design(
        st.segmented_control(
            "Compare", [*Design], default=Design.HOLDOUT, required=True, key=f"tk-experiment-design-{mark}"
        )
    )
    st.caption(MEANING[design])
    name = st.text_input("Name", key=f"tk-experiment-name-{mark}", max_chars=MOST_NAME, placeholder="holdout-spring")
    percent = st.number_input(
        "Customers held out, %" if design is Design.HOLDOUT else "Customers who get it, %",
        min_value=1,
        max_value=99,
        value=_SHARE.get(design, 50),
        key=f"tk-experiment-share-{design}-{mark}",
    )
    other: str | None = ""
    if design is Design.SURFACES:
        other = st.selectbox(
            "They get", list(SURFACES), format_func=SURFACES.__getitem__, key=f"tk-experiment-surface-{mark}"
        )
    elif design is Design.MODELS:
        versions = [model.version for model in source.models() if model.use in (Use.PREVIOUS, Use.ASIDE)]
        other = st.selectbox(
            "They get",
            versions,
            index=0 if versions else None,
            placeholder="No model but the one in use is kept",
            key=f"tk-experiment-model-{mark}",
        )
    surfaces = st.multiselect(
        "Surfaces",
        list(SURFACES),
        format_func=SURFACES.__getitem__,
        placeholder="All surfaces",
        key=f"tk-experiment-surfaces-{mark}",
    )
    comment = st.text_input("Comment", key=f"tk-experiment-comment-{mark}", max_chars=MOST_COMMENT)
    proposal = Proposal((name or "").strip(), design, int(percent), other or "", tuple(surfaces), comment or "")
    st.caption(prose.escaped(proposal.consequence))
    if st.button("Start it now", type="primary", key=f"tk-experiment-start-{mark}"):
        _change(lambda: source.start_experiment(proposal.record(reader.scope.now())))


def _change(change: Callable[[], None]) -> None:
    """Start or end one and draw the page anew; say beside the button why it could not be."""
    try:
        change()
    except TakingsError as error:
        st.error(f"{error.what}. {error.remedy}")
    else:
        st.rerun()

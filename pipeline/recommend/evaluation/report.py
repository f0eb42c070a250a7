"""The evaluation as one table for reading, and as JSON with everything in it."""

from __future__ import annotations

from typing import Any

from catalogue.safe_text import printable
from pipeline.recommend.evaluation import intervals, metrics
from pipeline.recommend.evaluation.files import InteractionFile
from pipeline.recommend.evaluation.intervals import Interval
from pipeline.recommend.evaluation.running import Evaluation, Result, Scored, best

_SIGN = {True: "", False: "~"}  # before a difference that may be chance
_BOOTSTRAP_SEED = 7  # of the intervals; the splits have their own
_HEADINGS = {
    metrics.MAP: "MAP",
    metrics.PRECISION: "precision",
    metrics.RECALL: "recall",
    metrics.MRR: "MRR",
    metrics.HIT_RATE: "hit rate",
    metrics.COVERAGE: "coverage",
    metrics.ENTROPY: "entropy",
    metrics.NOVELTY: "novelty",
    metrics.DIVERSITY: "diversity",
}


def as_json(evaluation: Evaluation, file: InteractionFile | None = None) -> dict[str, Any]:
    """Everything: the account of the file, the splits, and of each method all metrics with their intervals."""
    plan = evaluation.plan
    leader = best(evaluation.results)
    return {
        "file": None if file is None else _account(file),
        "interactions": len(evaluation.interactions),
        "customers": len(evaluation.interactions.customers),
        "products": len(evaluation.interactions.products),
        "split": {"kind": plan.kind, "ratio": plan.ratio, "seeds": list(plan.seeds), "tuned": plan.tune},
        "k": plan.k,
        "served_history": plan.history,
        "parts": [
            {
                "training_interactions": len(part.training),
                "test_interactions": part.test_interactions,
                "customers_asked_about": len(part.customers),
                "relevant_pairs": int(part.relevant.nnz),
                "relevant_pairs_of_products_without_training": part.unseen_products,
                "left_out_known_again": part.known_again,
                "left_out_customers_without_training": part.strangers,
            }
            for part in evaluation.splits
        ],
        "methods": {result.name: _method(result, leader) for result in _ordered(evaluation)},
        "best": leader.name,
        "left_out": evaluation.left_out,
    }


def as_lines(evaluation: Evaluation, file: InteractionFile | None = None) -> list[str]:
    """What was read, how it was divided, the table, and what each column says."""
    k, leader = evaluation.plan.k, best(evaluation.results)
    headings = ["method", f"nDCG@{k}", "95 %", f"vs {leader.name}", "95 %"]
    headings += [f"served {neighbours}" for neighbours in evaluation.plan.served]
    headings += [*_HEADINGS.values(), "seconds", "MB"]
    rows = [headings, *(_row(result, leader, evaluation) for result in _ordered(evaluation))]
    widths = [max(len(row[column]) for row in rows) for column in range(len(headings))]
    table = [
        "  ".join(
            cell.rjust(width) if column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    left_out = [f"{name}: left out, {reason}." for name, reason in evaluation.left_out.items()]
    return [*_introduction(evaluation, file), "", *table, "", *left_out, *_parameters(evaluation), *_notes(evaluation)]


def _method(result: Result, leader: Result) -> dict[str, Any]:
    difference = _difference(result, leader)
    return {
        "offline": _metrics(result.offline),
        "served": {str(neighbours): _metrics(scored) for neighbours, scored in result.served.items()},
        "difference_to_best": {"ndcg": difference._asdict()},
        "parameters": result.parameters,
        "trials": [
            [{"parameters": trial.method.parameters, "inner_ndcg": trial.ndcg} for trial in tried]
            for tried in result.trials
        ],
        "training_seconds": result.training_seconds,
        "peak_megabytes": result.peak_megabytes,
    }


def _metrics(scored: Scored) -> dict[str, Any]:
    found: dict[str, Any] = {metric: _interval(scored, metric)._asdict() for metric in scored.by_seed}
    return found | {metric: scored.mean(metric) for metric in scored.beyond}


def _interval(scored: Scored, metric: str) -> Interval:
    return intervals.of_mean(scored.values(metric), seed=_BOOTSTRAP_SEED)


def _difference(result: Result, leader: Result) -> Interval:
    values = (compared.offline.values(metrics.NDCG) for compared in (result, leader))
    return intervals.of_difference(*values, seed=_BOOTSTRAP_SEED)


def _ordered(evaluation: Evaluation) -> list[Result]:
    return sorted(evaluation.results, key=lambda result: -result.offline.mean(metrics.NDCG))


def _row(result: Result, leader: Result, evaluation: Evaluation) -> list[str]:
    ndcg, difference = _interval(result.offline, metrics.NDCG), _difference(result, leader)
    sure = difference.high < 0 or difference.low > 0
    cells = [result.name, f"{ndcg.mean:.4f}", _bounds(ndcg)]
    cells += ["", ""] if result is leader else [f"{_SIGN[sure]}{difference.mean:+.4f}", _bounds(difference)]
    for neighbours in evaluation.plan.served:
        scored = result.served.get(neighbours)
        cells.append("" if scored is None else f"{scored.mean(metrics.NDCG):.4f}")
    cells += [f"{result.offline.mean(metric):.4f}" for metric in _HEADINGS]
    seconds = sorted(result.training_seconds)[len(result.training_seconds) // 2]
    return [*cells, f"{seconds:.2f}", f"{max(result.peak_megabytes):,.0f}"]


def _bounds(interval: Interval) -> str:
    return f"{interval.low:.4f} to {interval.high:.4f}"


def _account(file: InteractionFile) -> dict[str, Any]:
    return {
        "rows": file.rows,
        "columns": file.columns,
        "bad_rows": [{"reason": bad.reason, "rows": bad.count, "first_lines": bad.first} for bad in file.bad],
    }


def _introduction(evaluation: Evaluation, file: InteractionFile | None) -> list[str]:
    plan, inside = evaluation.plan, evaluation.interactions
    lines = []
    if file is not None:
        columns = ", ".join(f"{kind}: {printable(name)}" for kind, name in file.columns.items())
        lines.append(f"{file.rows:,} rows read ({columns}).")
        lines += [
            f"  {bad.count:,} left out: {bad.reason}; lines {', '.join(map(str, bad.first))}"
            + (", …" if bad.count > len(bad.first) else "")
            for bad in file.bad
        ]
    lines.append(
        f"{len(inside):,} interactions of {len(inside.customers):,} customers with {len(inside.products):,} products."
    )
    ratio = "" if plan.kind == "leave-last-out" else f" at {plan.ratio}"
    for seed, part in zip(plan.seeds, evaluation.splits, strict=True):
        lines.append(
            f"Split {plan.kind}{ratio}, seed {seed}: {len(part.training):,} to learn from, {part.test_interactions:,}"
            f" to ask for; {len(part.customers):,} customers are asked about {part.relevant.nnz:,} new products"
            f" ({part.unseen_products:,} of them without training). Left out: {part.known_again:,} interactions with"
            f" what the customer knew, {part.strangers:,} customers without training."
        )
    return lines


def _parameters(evaluation: Evaluation) -> list[str]:
    """Those of each method; with several seeds, each that was chosen."""
    lines = []
    for result in _ordered(evaluation):
        texts = [", ".join(f"{name} {value}" for name, value in chosen.items()) for chosen in result.parameters]
        if any(texts):
            lines.append(f"{result.name}: {' | '.join(dict.fromkeys(texts))}")
    how = "chosen on an inner split of the training part" if evaluation.plan.tune else "the methods' own"
    return [f"Parameters, {how}:", *(f"  {line}" for line in lines)]


def _notes(evaluation: Evaluation) -> list[str]:
    notes = [
        "Every product that a customer does not know is ranked, and every test interaction is relevant.",
        "Intervals: bootstrap over customers; a difference with ~ may be chance. Entropy and novelty are in bits.",
        "Seconds: of one fit, the median of the seeds. MB: the most that it allocated.",
    ]
    if evaluation.plan.served:
        served = "served N: nDCG with the N strongest neighbours of each product, packed as they are published"
        history = evaluation.plan.history
        notes.append(f"{served}, and the {history} newest products of each customer." if history else f"{served}.")
    return notes

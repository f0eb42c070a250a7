"""The parts of the Live page, as plain HTML: what is drawn every second must not flicker or jump."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from html import escape
from urllib.parse import urlsplit

import streamlit as st

from catalogue.errors import TakingsError
from console.asking import formatting as text
from console.asking.figures import Unit
from console.asking.scope import Scope
from console.kit import charts, page, prose, tiles
from console.live import answer, words
from console.live.answer import FunnelStep, History, Live
from console.live.source import FUNNEL_MINUTES, RecentActivity, RecentOrder, RecordCounts, Snapshot
from console.live.views.charts import revenue_so_far

_HISTORY = "tk-live-history"
STEP_NAMES = {"view": "Viewed a product", "cart": "Added to cart", "checkout": "Began checkout", "purchase": "Bought"}


def history(scope: Scope, since: datetime | None) -> History:
    """What the lake knows of this hour: asked when the page opens, and then once a minute."""
    minute = answer.minute_of(scope.now())
    kept = kept_history()
    if kept is None or (kept.minute, kept.since) != (minute, since):
        kept = st.session_state[_HISTORY] = answer.history(scope, minute, since)
    return kept


def kept_history() -> History | None:
    """What `history` gave the last time; None before it was asked."""
    kept: History | None = st.session_state.get(_HISTORY)
    return kept


def draw(live: Live, currency: str) -> None:
    """What waits, the figures, the hour by minute, products, channels, the funnel, orders, and how fresh it all is."""
    snapshot = live.snapshot
    state(snapshot)
    tiles.row(live.figures)
    charts.draw(revenue_so_far(live, currency), key="tk-live-hour")
    left, right = st.columns([3, 2], gap="medium")
    with left:
        products(snapshot.products, currency)
        channels(snapshot.channels, currency)
    with right:
        funnel(live.steps, is_estimate=snapshot.is_estimate)
        orders(snapshot.orders)
    flow(snapshot)


def state(snapshot: Snapshot) -> None:
    """Whether the page is up to date, and if not what is missing from it."""
    title, detail = words.state(snapshot)
    tone = "tk-late" if detail else "tk-prompt"
    st.html(f'<p class="tk-state {tone}" role="status"><b>{escape(title)}</b> {escape(detail)}</p>')


def funnel(steps: Sequence[FunnelStep], *, is_estimate: bool) -> None:
    """Distinct sessions by step, as bars."""
    most = max((step.sessions for step in steps), default=0) or 1
    rows = "".join(
        f'<div class="tk-step"><span>{escape(STEP_NAMES.get(step.name, step.name))}</span>'
        f'<i style="--tk-share:{step.sessions / most:.4f}" aria-hidden="true"></i>'
        f"<b>{text.count(step.sessions)}</b>"
        f"<small>{'' if step.share is None else escape(text.percent(step.share))}</small></div>"
        for step in steps
    )
    skipped = " · ".join(
        f"{STEP_NAMES.get(step.name, step.name)}: {text.count(step.skipped)}" for step in steps if step.skipped
    )
    if skipped:
        rows += f'<p class="tk-note">Not counted above, because they skipped a step: {escape(skipped)}</p>'
    estimated = ", estimated" if is_estimate else ""
    note = f"sessions in the last {FUNNEL_MINUTES} minutes{estimated}, with all steps before; share of the step before"
    st.html(prose.heading("Funnel", note) + rows)


def products(activity: Sequence[RecentActivity], currency: str) -> None:
    """The products with most net revenue right now."""
    heads = ("Product", "Views", "Cart adds", "Units", "Net revenue")
    counts = [(row, (row.views, row.carts, row.units)) for row in activity]
    _activity("Top products", heads, counts, currency, empty="No product was viewed.")


def channels(activity: Sequence[RecentActivity], currency: str) -> None:
    """The channels with most net revenue right now."""
    heads = ("Channel", "Events", "Sessions", "Orders", "Net revenue")
    counts = [(row, (row.events, row.sessions, row.orders)) for row in activity]
    _activity("Channels", heads, counts, currency, empty="No event has a channel.")


def _activity(
    title: str,
    heads: Sequence[str],
    activity: Sequence[tuple[RecentActivity, Sequence[int]]],
    currency: str,
    *,
    empty: str,
) -> None:
    rows = [
        (escape(row.name), *map(text.count, counts), text.compact(row.net_revenue, Unit.MONEY, currency))
        for row, counts in activity
    ]
    _table(title, f"last {FUNNEL_MINUTES} minutes", heads, rows, empty=empty)


def orders(latest: Sequence[RecentOrder]) -> None:
    """The feed of recent orders, newest first."""
    rows = [
        (
            f'<time datetime="{order.at.isoformat()}">{order.at:%H:%M:%S}</time>',
            f'<span title="{escape(order.order_id, quote=True)}">{escape(_shortened(order.order_id))}</span>',
            escape(" · ".join(part for part in (order.channel, order.region) if part) or text.UNKNOWN),
            text.count(order.units),
            text.money(order.amount, order.currency),
        )
        for order in latest
    ]
    heads = ("UTC", "Order", "Where", "Units", "Amount")
    _table("Recent orders", "newest first", heads, rows, empty="No order in the last hour.", words=3)


def flow(snapshot: Snapshot) -> None:
    """How fresh this page is, and whether every record is accounted for."""
    lags = prose.calm("Nothing arrived in the last 5 minutes.")
    if snapshot.freshness is not None:
        percentiles = vars(snapshot.freshness).items()
        lags = f"<p>{' · '.join(f'{name} <b>{escape(text.duration(lag))}</b>' for name, lag in percentiles)}</p>"
    since = f"since {text.instant(snapshot.since)}" if snapshot.since else ""
    waits = snapshot.waiting.records if snapshot.waiting is not None and snapshot.waiting.is_late else 0
    rest = "".join(f'<p class="tk-note">{escape(line)}</p>' for line in words.not_yet(snapshot))
    st.html(
        '<section class="tk-flow">'
        f"<div>{prose.heading('Freshness', 'received → visible here, last 5 minutes')}{lags}</div>"
        f"<div>{prose.heading('Every record accounted for', since)}"
        f"{_law('last hour', snapshot.hour, waits)}{_law('in all', snapshot.total, waits)}{rest}</div></section>"
    )


def failed(error: TakingsError) -> None:
    """The failed state, without a button: Live tries again by itself."""
    where = f'<p class="tk-where">{escape(error.where)}</p>' if error.where else ""
    remedy = f"<p>{escape(error.remedy)} This page tries again every second.</p>"
    st.html(f'<section class="tk-failed" role="alert"><h2>{escape(error.what)}</h2>{where}{remedy}</section>')


def waiting(url: str) -> None:
    """The empty state: how to start traffic, and how to send one event by hand; `url` is that of the page."""
    parts = urlsplit(url)
    page.stop_if_empty(
        True,
        title="No events yet",
        next_step="Make a write key, then start traffic or send an event: this page shows it within two seconds.",
        commands=start_commands(f"{parts.scheme}://{parts.netloc}"),
    )


def start_commands(origin: str) -> list[str]:
    """Shell commands that send first events to the collector at `origin`; the first command prints KEY."""
    return [
        "python -m pipeline keys create shop",
        "",
        f"python -m pipeline traffic --rate 20 --url {origin} --key KEY",
        "",
        f"curl {origin}/v1/events -H 'Authorization: Bearer KEY' -H 'Content-Type: application/json' \\",
        """  -d '{"event_id": "hello-1", "event_type": "product_view", "product_id": "lamp", "session_id": "me", '\\""",
        """'"occurred_at": "'$(date -u +%FT%TZ)'"}'""",
    ]


def _law(when: str, counts: RecordCounts, waits: int) -> str:
    tone, verdict = ("tk-good", "holds") if counts.holds else ("tk-bad", "does not hold")
    if waits and counts.holds:
        tone, verdict = "", "so far"  # of what was counted
    parts = " + ".join(f"{text.count(count)} {name}" for name, count in vars(counts).items() if name != "received")
    return f'<p class="{tone}">{escape(when)}: {text.count(counts.received)} received = {parts} <b>{verdict}</b></p>'


def _table(
    title: str, note: str, heads: Sequence[str], rows: Sequence[Sequence[str]], *, empty: str, words: int = 1
) -> None:
    """A small table; cells are HTML. The first `words` columns (1 or 3) are words, the others numbers."""
    if not rows:
        st.html(prose.heading(title, note) + prose.calm(empty))
        return
    kind = " tk-words" if words > 1 else ""
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in heads)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    table = f'<table class="tk-live{kind}"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
    st.html(prose.heading(title, note) + table)


def _shortened(name: str, most: int = 14) -> str:
    return name if len(name) <= most else f"{name[: most - 5]}…{name[-4:]}"

"""The HTML of a customer's history and of the five surfaces beside each other, connected by colours. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from html import escape
from itertools import groupby

from console.asking import formatting as text
from console.kit import prose
from console.recommendations.customer import LISTS, SURFACES, Shown
from console.recommendations.source import Answered, PastAction, Recommended

COLOURS = 6  # of the categorical palette; products beyond share a grey
MOST_PAST = 24  # of the history that is listed
HELD_OUT = "This customer is shown nothing, so that the others can be compared with those who are not."
ACTIONS = {"product_view": "Viewed", "cart_add": "In the cart", "purchase": "Bought"}


def drawn(shown: Shown, now: datetime, context: str = "") -> str:
    """History and surfaces in one piece: hovering over a product shows what is recommended because of it.

    Parameters
    ----------
    context : name of the product that the shop's page is about; empty for none
    """
    seeds = {product: place for place, product in enumerate(shown.seeds)}
    past = [_past(action, seeds, now) for action in shown.history[:MOST_PAST]]
    if shown.asked.product:
        where = _seed(shown.asked.product, seeds)
        past.insert(0, f"<li{where}><i>On the page</i><b>{escape(context or shown.asked.product)}</b></li>")
    columns = "".join(_surface(answer, seeds) for answer in shown.answers)
    return f'<div class="tk-recommend">{_history(past, shown)}<div class="tk-surfaces">{columns}</div></div>'


def _history(past: Sequence[str], shown: Shown) -> str:
    if not past:
        return ""
    count = len(shown.history)
    note = f"{text.counted(count, 'product')}, the newest first" if count else ""
    older = count - MOST_PAST
    more = f'<p class="tk-calm">and {text.counted(older, "older one")}</p>' if older > 0 else ""
    title = "What was done in the session" if shown.asked.session else "What the customer did"
    return f'{prose.heading(title if count else "The page", note)}<ol class="tk-past">{"".join(past)}</ol>{more}'


def _past(action: PastAction, seeds: dict[str, int], now: datetime) -> str:
    unknown = "" if action.name else ' title="The model does not know this product"'
    return (
        f"<li{_seed(action.product_id, seeds)}><i>{escape(ACTIONS.get(action.action, action.action))}</i>"
        f"<b{unknown}>{escape(action.name or action.product_id)}</b>{_chip(action.category)}"
        f'<time title="{escape(text.instant(action.at))}">{escape(text.age(action.at, now))}</time></li>'
    )


def _surface(answer: Answered, seeds: dict[str, int]) -> str:
    runs = groupby(answer.items, key=lambda item: (item.why, item.because_of))
    items = "".join(_run(why, because_of, items, seeds) for (why, because_of), items in runs)
    words = HELD_OUT if answer.served == "holdout" else answer.note
    note = f'<p class="tk-calm">{escape(words)}</p>' if words else ""
    return (
        f'<section class="tk-surface" aria-label="{escape(SURFACES[answer.surface])}">'
        f"<h4>{escape(SURFACES[answer.surface])}</h4><p>{_served(answer)}</p>{items}{note}</section>"
    )


def _served(answer: Answered) -> str:
    """Which list the items are from, where it is not the one asked for."""
    where = f" · {escape(answer.experiment)}: {escape(answer.variant)}" if answer.experiment else ""
    if answer.served == answer.surface:
        return f"Served as asked{where}"
    return f"Served: <b>{escape(LISTS.get(answer.served, answer.served))}</b>{where}"


def _run(why: str, because_of: str, items: Iterable[Recommended], seeds: dict[str, int]) -> str:
    """Neighbouring items of one reason below it."""
    listed = "".join(
        f'<li value="{item.rank}" title="Score {item.score:.3g}"><b>{escape(item.name or item.product_id)}</b>'
        f"{_chip(item.category)}</li>"
        for item in items
    )
    return f"<div{_seed(because_of, seeds)}><p>{escape(why)}</p><ol>{listed}</ol></div>"


def _chip(category: str) -> str:
    return f"<small>{escape(category)}</small>" if category else ""


def _seed(product: str, seeds: dict[str, int]) -> str:
    """The attribute that connects what is because of one product; none where nothing is because of it."""
    place = seeds.get(product)
    if place is None:
        return ' class="tk-unseeded"'
    return f' class="tk-seed tk-seed-{place if place < COLOURS else "rest"}"'

"""How the part *For a customer* is drawn: who is chosen, who it is, and what each surface would show now."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import streamlit as st

from console.asking import contents as lake
from console.asking import formatting as text
from console.asking.scope import Scope
from console.kit import page
from console.kit.link import Link, first
from console.recommendations import customer
from console.recommendations.customer import Asked, RecentCustomer, Shown, Who
from console.recommendations.source import RecommendationSource
from console.recommendations.views import readiness, surfaces

LINK = Link("tk-recommend-", ("customer", "session", "product"))
EVERY = 5.0  # seconds: a history is seconds old, and an answer takes milliseconds


def draw(reader: page.Reader, source: RecommendationSource) -> None:
    """Draw the part, with its trust line."""
    contents = lake.contents(reader.scope)
    recent, result = customer.recent_customers(reader.scope, contents)
    asked = customer.checked(_choose(recent, reader.scope))
    product = customer.product_of(source.catalogue(), asked.product) if asked.product else None
    if product is not None:
        asked = Asked(asked.customer, asked.session, product.product_id)
    elif asked.product:
        st.html(_state(f"The model in use knows no product {asked.product!r}: answers are about the id as it is."))
    found = customer.who(reader.scope, contents, asked)
    _keep_fresh(reader.scope, source, found, product.name if product is not None else "")
    is_whole = reader.scope.row_filter.regions is None
    notes = ANSWERS if is_whole else ANSWERS_OF_REGIONS, IDS
    reader.trust_line(Who(asked, results=[result, *found.results]), notes=notes)


ANSWERS = (
    "Answers are those of the API, from the same models and histories; nothing shown here counts as an impression."
)
ANSWERS_OF_REGIONS = (
    "Answers are made as the API makes them, from the same models and what was done in your regions; nothing shown here"
    " counts as an impression."
)
IDS = "Ids are pseudonymous, as the shop sends them."


@st.fragment(run_every=EVERY)
def _keep_fresh(scope: Scope, source: RecommendationSource, found: Who, context: str) -> None:
    """What follows a customer's actions, drawn again by itself."""
    with page.errors_shown():
        shown = customer.shown(source, found)
        st.html(_who(found, shown, scope))
        for state in _states(found, shown):
            st.html(_state(state))
        if not shown.has_model:
            has_counts = scope.row_filter.regions is None  # those of all regions
            st.html(readiness.meter(shown.newest, source.trainer, has_counts=has_counts))
        st.html(surfaces.drawn(shown, scope.now(), context))


def _choose(recent: Sequence[RecentCustomer], scope: Scope) -> Asked:
    """Draw the widgets, put the choice into the link, and return it."""
    query, is_new = LINK.read()
    if is_new:
        named = {name: first(query, name) for name in LINK.parameters}
        if not any(named.values()) and "customer" not in query and recent:  # so that there is something to see
            named["customer"] = recent[0].customer_id
        for name, value in named.items():
            st.session_state[LINK.widget(name)] = value or (None if name == "customer" else "")
    now = scope.now()
    seen = {one.customer_id: f"{one.customer_id} · {text.age(one.last_seen, now)}" for one in recent}
    chosen = st.session_state[LINK.widget("customer")]
    options = [*seen, *([chosen] if chosen and chosen not in seen else [])]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="tk-recommend-choice"):
        st.selectbox(
            "Customer",
            options,
            format_func=lambda one: seen.get(one, one),
            index=None,
            key=LINK.widget("customer"),
            placeholder="Choose one, or type an id",
            accept_new_options=True,
            on_change=_forget,
            args=("session", ""),
            help="The list has those who were here last.",
            width=300,
        )
        st.text_input(
            "Or a session",
            key=LINK.widget("session"),
            placeholder="id of a session",
            max_chars=customer.ID_CHARACTERS,
            on_change=_forget,
            args=("customer", None),
            help=f"Of the last {customer.SESSION_DAYS} days of the lake. Its actions are taken for a history.",
            width=220,
        )
        st.text_input(
            "On the page about",
            key=LINK.widget("product"),
            placeholder="product: id or name",
            max_chars=customer.ID_CHARACTERS,
            help="The product that the shop's page is about: it counts as viewed now, and is not recommended.",
            width=220,
        )
        st.button("Refresh", icon=":material/refresh:", key="tk-recommend-again", type="tertiary")
    given = {name: st.session_state[LINK.widget(name)] or "" for name in LINK.parameters}
    is_anybody = not (given["customer"] or given["session"])  # a link says so with an empty customer
    LINK.write({name: [value] for name, value in given.items() if value or (name == "customer" and is_anybody)})
    return Asked(**given)


def _forget(name: str, value: str | None) -> None:
    """A customer takes the place of a session, and the other way round."""
    st.session_state[LINK.widget(name)] = value


def _who(found: Who, shown: Shown, scope: Scope) -> str:
    """One line of facts about who is asked about."""
    asked, person = found.asked, found.person
    if asked.session:
        facts = [("Session", asked.session), ("Products", text.count(len(found.actions)))]
    elif not asked.customer:
        facts = [("Who", "Anybody"), ("Known", "nothing: a first visit")]
    else:
        facts = [("Customer", asked.customer)]
        if person is not None:
            facts += [
                ("First seen", text.day(scope.day_of(person.first_seen))),
                ("Last seen", text.day(scope.day_of(person.last_seen))),
                ("Orders", text.count(person.orders)),
                ("Net revenue", text.money(person.net_revenue, scope.reporting_currency)),
            ]
        if not found.is_hidden:
            facts.append(("Recommendations", "opted out" if shown.has_opted_out else "allowed"))
    facts += [("Experiment", f"{name}: {variant}") for name, variant in shown.experiments]
    models = sorted({answer.model for answer in shown.answers if answer.model})
    facts += [("Model", name) for name in models[:2]]
    items = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in facts)
    return f'<dl class="tk-who">{items}</dl>'


def _states(found: Who, shown: Shown) -> list[str]:
    """What a reader has to know before reading the lists, in sentences."""
    asked = found.asked
    if found.is_hidden:
        where = f"in your regions in the last {customer.RECENT_DAYS} days of the lake"
        return [f"Nobody of this id did anything with a product {where}: this is what everybody gets."]
    if shown.has_opted_out:
        return ["This customer opted out: the history is neither read nor kept, and the lists are everybody's."]
    if asked.session and not found.actions:
        days = f"in the last {customer.SESSION_DAYS} days of the lake"
        return [f"No session of this id did anything with a product {days}: this is what everybody gets."]
    if asked.customer and not shown.is_known:
        unknown = "Nothing is known of this customer" if found.person is None else "This customer has no history yet"
        return [f"{unknown}: this is what everybody gets. The next view of a product changes it."]
    return [found.bounds] if found.bounds else []


def _state(sentence: str) -> str:
    return f'<p class="tk-state">{escape(sentence)}</p>'

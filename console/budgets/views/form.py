"""The bar of the Budgets page: which budget is looked at, and budgets typed, changed and removed, with undo."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import streamlit as st

from catalogue.errors import SettingsError, TakingsError
from console.budgets.budget_file import BudgetFile
from console.budgets.budgets import MOST_NAME, Budget, BudgetScope, BudgetSource, Kind
from console.finops.charges import Basis
from console.kit.link import Choice

NEW = "New budget"


def bar(source: BudgetSource, file: BudgetFile | None, currency: str, services: Sequence[str]) -> tuple[str, Basis]:
    """Draw the bar and return the budget chosen, with the basis of the whole bill where there is no budget.

    Parameters
    ----------
    file : where budgets typed on the page are kept; None where they are made elsewhere
    currency, services : of the bill
    """
    names = [budget.name for budget in source.budgets()]
    name, basis = "", Basis.BILLED
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key="tk-budget-bar"):
        if names:
            choice = Choice("budget", {name: name for name in names}, names[0], is_always_written=True)
            name = choice.draw_list("Budget", width=285)
        else:
            bases = {basis.value: basis.value for basis in Basis}
            basis = Basis(Choice("basis", bases, basis.value).draw_list("Basis", width=165))
        if file is not None:
            _edit(file, currency, services)
    return name, basis


def _edit(file: BudgetFile, currency: str, services: Sequence[str]) -> None:
    """Buttons that open the form; every change is written at once and can be undone.

    After any change of the file, the widgets start again from its content: what was typed or clicked in an outdated
    form changes nothing.
    """
    kept, version = list(file.budgets()), file.version
    seen = st.session_state.setdefault(_SEEN, version)
    if seen != version:
        _begin_anew()
        st.warning("Somebody else has changed the budgets: this is how they are now.")
    st.session_state[_SEEN] = version
    anew = f" {number}" if (number := st.session_state.get(_ANEW, 0)) else ""
    with st.container(horizontal=True, gap="xsmall", key="tk-budget-tools"):
        with st.popover("Edit budgets", icon=":material/edit:", key="tk-budget-edit"):
            _form(file, kept, currency, services, version, anew)
        if file.can_undo and st.button("Undo the last change", icon=":material/undo:", key=f"tk-budget-undo{anew}"):
            file.undo(seen=version)
            _rerun()


_SEEN, _ANEW = "tk-budget-seen", "tk-budget-anew"  # the version that was drawn; how often the widgets began anew


def _begin_anew() -> None:
    st.session_state[_ANEW] = st.session_state.get(_ANEW, 0) + 1


def _rerun() -> None:
    """Draw the page again after the reader's own change, without the warning about somebody else's."""
    del st.session_state[_SEEN]
    _begin_anew()
    st.rerun()


def _form(
    file: BudgetFile, kept: list[Budget], currency: str, services: Sequence[str], version: str, anew: str
) -> None:
    names = [*(budget.name for budget in kept), ""]  # no budget has an empty name
    which = st.selectbox("Budget", names, key="tk-budget-which", format_func=lambda name: name or NEW)
    old = next((budget for budget in kept if budget.name == which), None)
    mark = f"{which}{anew}"  # the widgets of another budget are other widgets, each with its own values
    name = st.text_input("Name", old.name if old else "", key=f"tk-budget-name-{mark}", max_chars=MOST_NAME)
    amount = st.text_input(
        f"Amount a month, {old.currency if old else currency}",
        f"{old.amount:f}" if old else "",
        key=f"tk-budget-amount-{mark}",
        placeholder="300.00",
    )
    kinds: list[Kind] = list(Kind)
    kind = st.selectbox(
        "For",
        kinds,
        kinds.index(old.scope.kind) if old else 0,
        key=f"tk-budget-kind-{mark}",
        format_func=_KINDS.__getitem__,
    )
    value = old.scope.value if old and old.scope.kind is kind else ""
    if kind is Kind.SERVICE:
        choices = sorted({*services, *([value] if value else [])})
        value = st.selectbox(
            "Service", choices, choices.index(value) if value else 0, key=f"tk-budget-service-{mark}"
        ) or ""  # fmt: skip
    elif kind in (Kind.ACCOUNT, Kind.TAG):
        hint = "210000000017" if kind is Kind.ACCOUNT else "component=console"
        value = st.text_input(kind.value.capitalize(), value, key=f"tk-budget-{kind.value}-{mark}", placeholder=hint)
    bases = list(Basis)
    basis = st.selectbox("Basis", bases, bases.index(old.basis) if old else 0, key=f"tk-budget-basis-{mark}")
    with st.container(horizontal=True, gap="xsmall"):
        if st.button("Save", type="primary", key=f"tk-budget-save-{mark}"):
            try:
                scope = BudgetScope(kind or Kind.ALL, value.strip())
                made = _made(old, name.strip(), amount, currency, scope, basis or Basis.BILLED)
                file.save(
                    [made if budget is old else budget for budget in kept] if old else [*kept, made], seen=version
                )
            except TakingsError as error:
                st.error(f"{error.what}. {error.remedy}")
            else:
                _rerun()
        if old and st.button("Remove", key=f"tk-budget-remove-{mark}"):
            file.save([budget for budget in kept if budget is not old], seen=version)
            _rerun()


_AMOUNT = re.compile(r"([0-9]+|[0-9]{1,3}(,[0-9]{3})+)(\.[0-9]+)?")
_KINDS = {
    Kind.ALL: "The whole bill",
    Kind.SERVICE: "One service",
    Kind.ACCOUNT: "One account",
    Kind.TAG: "One cost allocation tag",
}


def _made(old: Budget | None, name: str, amount: str, currency: str, scope: BudgetScope, basis: Basis) -> Budget:
    if not _AMOUNT.fullmatch(amount.strip()):  # 300,00 and 1.234,56 may mean two things each
        raise SettingsError(f"{amount!r} is no amount", where="Amount", remedy="Write digits, such as 300.00.")
    number = Decimal(amount.strip().replace(",", ""))
    if old is None:
        return Budget(name, number, currency, scope, basis)
    return replace(old, name=name, amount=number, scope=scope, basis=basis)

"""The bar of the Budgets page: which budget is looked at, and the buttons that change them."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from console.budgets.budget_file import BudgetFile
from console.budgets.budgets import BudgetSource
from console.budgets.views import form
from console.finops.charges import Basis
from console.kit.link import Choice


def draw(source: BudgetSource, file: BudgetFile | None, currency: str, services: Sequence[str]) -> tuple[str, Basis]:
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
            name = Choice("budget", {name: name for name in names}, names[0]).draw_list("Budget", width=285)
        else:
            bases = {basis.value: basis.value for basis in Basis}
            basis = Basis(Choice("basis", bases, basis.value).draw_list("Basis", width=165))
        if file is not None:
            form.edit(file, currency, services)
    return name, basis

"""The one table of pages: place in the menu, address and file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from catalogue.project_files import project_file


@dataclass(frozen=True)
class PageEntry:
    """One page in the menu.

    Attributes
    ----------
    section, title : as printed in the menu
    url_path : the path in the URL; never changed once published. The home page has none.
    file : relative to the project's root
    icon : a Material symbol
    """

    section: str
    title: str
    url_path: str
    file: str
    icon: str

    @property
    def path(self) -> Path:
        """The file itself."""
        return project_file(self.file)


PAGES = (
    PageEntry("Executive", "Brief", "", "pages/brief.py", ":material/newspaper:"),
    PageEntry("Executive", "Revenue", "revenue", "pages/revenue.py", ":material/payments:"),
    PageEntry("Behaviour", "Live", "live", "pages/live.py", ":material/sensors:"),
    PageEntry("Behaviour", "Products", "products", "pages/products.py", ":material/inventory_2:"),
    PageEntry(
        "Recommendations", "Recommendations", "recommendations", "pages/recommendations.py", ":material/recommend:"
    ),
    PageEntry("FinOps", "Spend", "spend", "pages/spend.py", ":material/account_balance:"),
    PageEntry("FinOps", "Budgets and forecast", "budgets", "pages/budgets.py", ":material/speed:"),
    PageEntry("FinOps", "Savings", "savings", "pages/savings.py", ":material/savings:"),
    PageEntry("FinOps", "Unit costs", "unit-costs", "pages/unit_costs.py", ":material/calculate:"),
    PageEntry("FinOps", "Tiers", "tiers", "pages/tiers.py", ":material/stacks:"),
    PageEntry("FinOps", "Own cost", "own-cost", "pages/own_cost.py", ":material/receipt_long:"),
    PageEntry("Tools", "Definitions", "definitions", "pages/definitions.py", ":material/menu_book:"),
)

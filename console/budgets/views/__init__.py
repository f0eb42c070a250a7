"""How the Budgets page is drawn."""

"""How the Savings page is drawn."""

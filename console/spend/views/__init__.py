"""How the Spend page is drawn."""

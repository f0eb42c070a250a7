"""How the Live page is drawn."""

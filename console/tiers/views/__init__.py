"""How the Tiers page is drawn."""

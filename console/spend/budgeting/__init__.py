"""How much a month may cost, where that is kept, and how it stands."""

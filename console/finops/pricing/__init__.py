"""What a unit costs: the price book, and the provider's own price list that renews it."""

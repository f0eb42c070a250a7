"""How good a method is on data that it has not seen: splits, metrics, intervals, and one table of every method."""

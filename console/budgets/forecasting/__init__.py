"""What is to be expected of the bill: the month's end, how good such forecasts were, and what was unexpected."""

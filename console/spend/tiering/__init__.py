"""What a deployment of some size costs a month: usage × prices, line by line, and where tiers meet."""

"""Profit and loss of recommendations: what they brought against what they cost, and the products they never show."""

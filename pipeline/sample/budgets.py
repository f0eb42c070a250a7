"""The sample year's budgets for the whole bill, one service and one tag: the `budgets.toml` of the lake folder."""

FILE = "budgets.toml"
TEXT = """\
# Budgets of the sample shop, per month. The Budgets page writes this file; it can be edited by hand too.

[[budget]]
name = "Whole bill"
amount = "310.00"
currency = "USD"
basis = "billed"
thresholds = [80, 100, 120]

[[budget]]
name = "Athena"
service = "Amazon Athena"
amount = "25.00"
currency = "USD"
basis = "billed"
thresholds = [80, 100, 120]

[[budget]]
name = "Console"
tag = "component=console"
amount = "80.00"
currency = "USD"
basis = "effective"
thresholds = [80, 100, 120]
"""

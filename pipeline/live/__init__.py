"""Per-minute rollups and each customer's recent items: what is seen before curation has run.

The port `LiveStore` has two adapters, `embedded.py` and `dynamodb.py`, and one contract suite.
"""

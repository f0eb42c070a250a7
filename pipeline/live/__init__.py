"""Live: what is seen before curation has run, kept idempotently in bounded memory.

The port is `LiveStore`. `embedded.py` (one SQLite file) and `dynamodb.py` fill it, and one contract suite runs against
both. What a batch of entries means is decided once, in `rollup.py` (pure); a store only keeps documents.
"""

"""Published models: what one is (`model`), and where they are kept (`model_store`).

`stored_models` keeps them as `items` under two keys, in bytes that `packing` makes, and `published` reads one version.
SQLite (`embedded`) and DynamoDB (`dynamodb`) hold the items.
"""

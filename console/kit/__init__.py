"""What a reader sees: the filter bar, tiles, charts, tables, exports and the trust line. Imports no adapter."""

"""The whole write path in one process, on one disk.

- `platform`: the collector, the log, the raw zone, live and curation, started and stopped together.
- `following`: the log brought to the live store. `pacing`: when curation follows.
- `loops`: the threads that do work again and again. `metrics`: what the platform counts and measures.
- `hosted`: the platform inside a server that has other work too.
"""

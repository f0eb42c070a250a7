"""Tunes the interpreter so that a page waits less for the garbage collector and for other threads.

A full collection walks every living object: some 150,000 once pandas, Streamlit and the catalogue are loaded, and a
tenth of a second in which no page is drawn. A page run makes enough short-lived objects to cause one every few clicks,
although nearly everything it walks is there to stay.

A page needs the interpreter again after every answer of an engine. Beside a forecast that runs in another thread it
would wait up to 5 ms each time, which is how long Python lets a thread run on before another one gets its turn.
"""

from __future__ import annotations

import atexit
import gc
import sys

YOUNG_OBJECTS = 50_000  # new objects before a collection of the young ones: a page run makes some ten thousand

# beside a forecast, 10 M events, p95 of first views: Budgets 390 ms for 520, Brief 500 to 620 for 660
SWITCH_SECONDS = 0.0005  # a thread's turn


def tune_garbage_collector() -> None:
    """Keep what is loaded by now out of later collections, collect less often, and shorten the turns of threads."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS)
    sys.setswitchinterval(SWITCH_SECONDS)
    atexit.register(gc.unfreeze)  # or native libraries find their objects still there at the end, and complain

"""What Python makes a page wait for: its garbage collector, and other threads.

A full collection walks every object that lives: some 150,000 once pandas, Streamlit and the catalogue are loaded, and a
tenth of a second in which no page is drawn. A page run makes enough short-lived objects to bring one about every few
clicks, though nearly all of what it walks is there to stay.

A page asks for the interpreter anew after every answer of an engine. Beside a forecast that is worked out in another
thread it would wait up to 5 ms each time, which is how long Python lets a thread go on that is asked to give way.
"""

from __future__ import annotations

import atexit
import gc
import sys

YOUNG = 50_000  # objects more than went before the young are looked through: a page run makes some ten thousand

# beside a forecast, 10 M events, p95 of first views: Budgets 390 ms for 520, Brief 500 to 620 for 660
GIVE_WAY = 0.0005  # seconds


def shorten() -> None:
    """Call when what stays is loaded: later collections pass it over, and the young are looked through less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG)
    sys.setswitchinterval(GIVE_WAY)
    atexit.register(gc.unfreeze)  # or native libraries find their objects still there at the end, and complain

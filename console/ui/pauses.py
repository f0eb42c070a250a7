"""Python's garbage collector, kept out of page runs.

A full collection walks every object that lives: some 150,000 once pandas, Streamlit and the catalogue are loaded, and a
tenth of a second in which no page is drawn. A page run makes enough short-lived objects to bring one about every few
clicks, though nearly all of what it walks is there to stay.
"""

from __future__ import annotations

import atexit
import gc

YOUNG = 50_000  # objects more than went before the young are looked through: a page run makes some ten thousand


def shorten() -> None:
    """Call when what stays is loaded: later collections pass it over, and the young are looked through less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG)
    atexit.register(gc.unfreeze)  # or native libraries find their objects still there at the end, and complain

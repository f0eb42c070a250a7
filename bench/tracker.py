"""How many events a request of the browser tracker brings, and how old they are when they leave.

The visits of the sample year's web channel are replayed through the real `tracker/takings.js`, in Node with a clock of
its own (`tracker_replay.mjs`). A visitor's visits share one browser storage. Needs ``node`` on the path.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import duckdb

from bench.options import END, Options, Record, record
from catalogue.errors import SettingsError
from pipeline.lake import RAW_EVENTS, Lake
from pipeline.sample import generate

EVENTS = 1_000_000  # of the sample year, all channels
VISITORS = 0.05  # share of the web channel's visitors that are replayed
WAITS = (2, 10, 20, 30, 45, 60, 90, 120, 300)  # seconds; `wait` of `takings.init`
ROOT = Path(__file__).resolve().parent.parent
TRACKER = ROOT / "tracker" / "takings.js"
REPLAY = Path(__file__).with_name("tracker_replay.mjs")

# One row a visitor: the visits in order, each a list of (instant, type). The shop sends refunds, not a browser.
_VISITS = """
with actions as (
    select
        coalesce(customer_id, session_id) as visitor, session_id, event_type, epoch_ms(occurred_at) as happened,
        min(epoch_ms(occurred_at)) over (partition by session_id) as began
    from read_parquet(?)
    where channel = 'web' and session_id is not null and event_type <> 'refund'
      and hash(coalesce(customer_id, session_id)) % 10000 < ? * 10000
    qualify row_number() over (partition by event_id order by occurred_at) = 1
), visits as (
    select visitor, began, list([cast(happened as varchar), event_type] order by happened, event_type) as actions
    from actions group by visitor, began, session_id
)
select list(actions order by began) from visits group by visitor order by visitor
"""


def measure(options: Options) -> Iterator[Record]:
    """Events a request and their age, in seconds, for every window; ages are to the first time an event is sent."""
    visits = _visits(options.folder / f"raw-{EVENTS}")
    for wait in WAITS:
        found = replay(visits, wait)
        requests, sent = int(found["requests"]), int(found["events"])
        yield record(
            f"tracker.events_per_request.wait_{wait}", sent / requests, "events", requests=requests,
            age_median=found["median"], age_p95=found["p95"], orders_age_p95=found["orders_p95"],
            sent_again=round(int(found["copies"]) / sent - 1, 4), beacons=found["beacons"], longest=found["longest"],
        )  # fmt: skip


def replay(visits: str, wait: float | None = None, tracker: Path = TRACKER) -> dict[str, float]:
    """What the tracker did with some visits.

    Parameters
    ----------
    visits : one visitor a line: a list of visits, each a list of [milliseconds, event type]
    wait : seconds, as `takings.init` takes it; None for the tracker's own

    Raises
    ------
    SettingsError
        Node is not on the path.
    """
    node = shutil.which("node")
    if node is None:
        raise SettingsError("The tracker runs in Node", where="PATH", remedy="Install Node 18 or newer.")
    command = [node, str(REPLAY), str(tracker), *([] if wait is None else [str(wait)])]
    done = subprocess.run(command, input=visits, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def sample_files(root: Path) -> list[Path]:
    """The raw events of the sample year, made once."""
    lake = Lake.create(root)
    if not lake.raw_files(RAW_EVENTS):
        generate(lake, events=EVENTS, end=END)
    return sorted((lake.root / RAW_EVENTS).rglob("*.parquet"))


def _visits(root: Path) -> str:
    files = [str(path) for path in sample_files(root)]
    rows = duckdb.connect().execute(_VISITS, [files, VISITORS]).fetchall()
    return "\n".join(json.dumps([[[int(at), kind] for at, kind in visit] for visit in visits]) for (visits,) in rows)

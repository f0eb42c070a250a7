"""An erasure that is killed has changed nothing of the tables, or all; called again, it goes on."""

import subprocess
import sys
from pathlib import Path

from pipeline.collecting.known_customers_embedded import EmbeddedKnownCustomers
from pipeline.erasure.beside import KNOWN_CUSTOMERS
from pipeline.erasure.erase import erase, person_of
from pipeline.erasure.scan import scan
from pipeline.lake import Lake
from pipeline.streams.checkpoints import STREAM
from pipeline.streams.log import AppendLog
from tests.support.arrivals import arrival
from tests.support.given import Given, event
from tests.support.paths import ROOT, SUPPORT


def fill(given: Given) -> None:
    """A curated lake, an entry of its log that is not curated yet, and an anonymous id that is the customer's."""
    given.events(
        event("e1", "2026-03-01 12:00", customer_id="c1", session_id="s1"),
        event("e2", "2026-03-02 12:00", customer_id="device-1"),
        event("e3", "2026-03-02 12:00", customer_id="c12"),
    ).quarantine(b"id,c1").curate()
    known = EmbeddedKnownCustomers(given.lake.root / KNOWN_CUSTOMERS)
    known.link("shop", {"device-1": "c1", "device-2": "c12"})
    known.close()
    log = AppendLog(given.lake.root / STREAM, reserve_bytes=0)
    log.append([arrival("e4")])
    log.close()


def test_a_killed_erasure_goes_on(given: Given, tmp_path: Path):
    fill(given)
    copies = tmp_path / "copies"
    command = [sys.executable, str(SUPPORT / "killed_curation.py"), str(given.lake.root), str(copies), "erase"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={"PYTHONPATH": str(ROOT)})
    runs = done.stdout.split()
    seen = set()
    for place, name in enumerate((*runs[::16], *runs[-4:])):
        lake = Lake.open(copies / name)
        lake.recover()
        opened = Given.__new__(Given)
        opened.lake, opened.reports = lake, []
        raw, curated = (
            sum(place.found for place in scan(lake, person_of(lake, frozenset(["c1"]))) if place.name.startswith(area))
            for area in ("raw/", "curated/")
        )
        assert bool(raw) == bool(curated), f"killed at operation {name}"
        seen.add(bool(raw))
        places = erase(lake, person_of(lake, frozenset(["c1"]))).places
        assert not [place for place in places if place.found], f"killed at operation {name}"
        assert not [place for place in scan(lake, person_of(lake, frozenset(["device-1"]))) if place.found]
        assert opened.account().holds
        if place % 5 == 0:
            assert opened.tables() == opened.curate(full=True).tables()
        assert len(opened.rows("events")) == 4
        assert "c12" in opened.column("customers", "customer_id")
    assert seen == {True, False}

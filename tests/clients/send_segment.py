"""Sends the visit with Segment's library for Python. Arguments: the collector's address, a write key."""

import json
import sys
from pathlib import Path

from segment.analytics.client import Client

visit = json.loads((Path(__file__).parent / "visit.json").read_text(encoding="utf-8"))
who = {"user_id": visit["customer"], "anonymous_id": visit["anonymous"]}
client = Client(sys.argv[2], host=sys.argv[1], gzip=True)
client.identify(**who, traits={"plan": "club"})
client.page(**who, name="Home")
for call in visit["calls"]:
    client.track(**who, event=call["event"], properties=call["properties"])
client.shutdown()

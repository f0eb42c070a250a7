"""Sends the visit twice with ga4mp, and asks first whether it is right. Arguments: the collector's address, a key."""

import sys

from ga4mp import GtagMP

address, key = sys.argv[1:]
client = GtagMP(api_secret=key, measurement_id="G-1", client_id="device.1")
client._base_domain = f"{address}/mp/collect"
client._validation_domain = f"{address}/debug/mp/collect"
LAMP, VASE = {"item_id": "lamp", "price": 19.9, "quantity": 2}, {"item_id": "vase", "price": 5.05, "quantity": 1}
ORDER = {"transaction_id": "order-1", "currency": "EUR"}
STEPS = (
    ("purchase", ORDER | {"value": 44.85, "items": [LAMP, VASE]}),
    ("refund", ORDER | {"value": 19.9, "items": [LAMP | {"quantity": 1}]}),
)
for validation in (True, False, False):
    events = [{"name": name, "params": dict(params)} for name, params in STEPS]
    client.send(events, validation_hit=validation)

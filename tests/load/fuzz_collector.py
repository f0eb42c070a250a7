"""Coverage-guided fuzzing of the collector: ``python tests/load/fuzz_collector.py -runs=100000``.

Whatever bytes come, in whichever form and to whichever address: an answer below 500, as many entries on the stream as
were received, each of them one line of JSON, and memory within a small multiple of the bound of a body.
"""

from __future__ import annotations

import gzip
import json
import sys
import tempfile
from pathlib import Path
from urllib.parse import parse_qsl

import atheris

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

with atheris.instrument_imports(include=["pipeline"]):
    from pipeline.collecting.endpoints import ENDPOINTS
    from pipeline.collecting.envelope import Request
    from pipeline.collecting.known_customers_embedded import EmbeddedKnownCustomers
    from pipeline.collecting.webhooks import SHOPIFY, WOOCOMMERCE
    from tests.support.collecting import SECRET, VIEW, Shelf, collector, write_key
    from tests.support.webhooks import SHOPIFY_KEY, SHOPIFY_ORDER, WOO_KEY, WOO_ORDER, signature

PATHS = tuple(ENDPOINTS)
TYPES = ("application/json", "application/x-ndjson", "text/plain", "", "text/html")
QUERY = {"measurement_id": "G-1", "api_secret": SECRET, "key": SECRET, "tid": "G-1"}
KEYS = write_key("shop", SECRET), SHOPIFY_KEY, WOO_KEY
WEBHOOKS = {"/v1/webhooks/shopify": "shopify", "/v1/webhooks/woocommerce": "woo"}
MEMORY_MIB = 512
SEEDS = (
    json.dumps(VIEW).encode(),
    json.dumps([VIEW, VIEW | {"event_id": "e2"}]).encode(),
    b'{"batch":[{"event":"Order Completed","userId":"c","properties":'
    b'{"order_id":"o","products":[{"product_id":"p","price":1}]}}]}',
    b'{"batch":[{"type":"identify","userId":"c","anonymousId":"a"},{"type":"alias","userId":"d","previousId":"c"},'
    b'{"event":"Product Viewed","anonymousId":"a","properties":{"product_id":"p"}}]}',
    b'{"client_id":"c","events":[{"name":"purchase","params":{"transaction_id":"t","items":[{"item_id":"p","price":1.5}]}}]}',
    json.dumps(SHOPIFY_ORDER | {"refunds": [{"id": 1, "refund_line_items": [{"quantity": 1}]}]}).encode(),
    json.dumps(WOO_ORDER | {"refunds": [{"id": 1, "total": "-1"}]}).encode(),
    b"en=purchase&ep.transaction_id=t&pr1=idp~pr1.5~qt2\r\nen=view_item&pr1=idp&cid=1&_p=1&_s=1",
    b'{"data":[{"e":"ue","eid":"1","duid":"d","dtm":"1772366400000","ue_pr":"{\\"data\\":{\\"schema\\":\\"iglu:com.snowplowan'
    b'alytics.snowplow.ecommerce/snowplow_ecommerce_action/jsonschema/1-0-2\\",\\"data\\":{\\"type\\":\\"refund\\"}}}"}]}',
    b"e=ti&ti_id=o&ti_sk=p&ti_pr=1.5&ti_qu=2&duid=d",
    b'{"event_id":"a","event_id":"b","unit_price":NaN,"attributes":{"x":"\\ud800"}}',
    b"[[[[[[[[1e999999999",
)


CUSTOMERS: list[EmbeddedKnownCustomers] = []  # of the run


def one(data: bytes) -> None:
    """Send one request, and check what came of it."""
    provider = atheris.FuzzedDataProvider(data)
    path = provider.PickValueInList(list(PATHS))
    kind = provider.PickValueInList(list(TYPES))
    packing = provider.ConsumeIntInRange(0, 3)
    repeats = provider.PickValueInList([1, 1, 1, 3, 600])
    body = provider.ConsumeBytes(len(data)) * repeats
    headers = {"content-type": kind}
    if packing:
        headers["content-encoding"] = "gzip"
        body = gzip.compress(body, 1) if packing > 1 else body
        body = body[: len(body) // 2] if packing == 3 else body
    stream = Shelf()
    intake = collector(stream, *KEYS, customers=CUSTOMERS[0])
    headers |= {SHOPIFY.topic: "orders/updated", WOOCOMMERCE.topic: "order.updated"}
    headers |= dict.fromkeys((SHOPIFY.signature, WOOCOMMERCE.signature), signature(body))
    method = ENDPOINTS[path].methods[-1]
    query = {**QUERY, "id": WEBHOOKS.get(path, "")}
    if method == "GET":
        query |= parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
    response = intake.answer(Request(method, path, headers, query, body))
    counts = intake.counts()
    if response.status >= 500:
        raise AssertionError(f"{response.status} from {path}")
    if len(stream.entries) != counts.get("received", 0):
        raise AssertionError("what was received is not what was stored")
    if response.status == 202 and len(json.loads(response.body)["verdicts"]) != len(stream.entries):
        raise AssertionError("a record has no verdict")
    for entry in stream.entries:
        json.loads(entry.line)


def main() -> None:
    """Fuzz until libFuzzer's options say stop; it begins with every seed at every address."""
    with tempfile.TemporaryDirectory() as corpus, tempfile.TemporaryDirectory() as lake:
        CUSTOMERS.append(EmbeddedKnownCustomers(Path(lake) / "customers.sqlite"))
        for path in range(len(PATHS)):
            for number, seed in enumerate(SEEDS):  # the provider takes its choices from the end of the data
                (Path(corpus) / f"{path}-{number}").write_bytes(seed + bytes((0, 0, 0, path)))
        atheris.Setup([*sys.argv, f"-rss_limit_mb={MEMORY_MIB}", "-max_len=4096", corpus], one)
        atheris.Fuzz()


if __name__ == "__main__":
    main()

"""Requests for recommendations: who may ask, how often, from which pages, and what is answered."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from catalogue.errors import SettingsError
from pipeline.collecting import access
from pipeline.collecting.envelope import Request, Response
from pipeline.collecting.http import Shortcut
from pipeline.collecting.limits import TokenBuckets
from pipeline.recommend.serving.http import routes
from pipeline.recommend.serving.service import RecommendationService
from tests.support.collecting import Ring, write_key
from tests.unit.pipeline.recommend.serving.shop import Shop

PAGE = "https://shop.example"
READ, PUBLIC, WRITE = "tk_read", "tk_public", "tk_write"
RING = Ring(
    write_key("server", READ, purpose="read"),
    write_key("pages", PUBLIC, purpose="read", public=True),
    write_key("shop", WRITE),
)


def service(shop: Shop | None = None, **options: Any) -> RecommendationService:
    return RecommendationService((shop or Shop()).recommender(), options.pop("keys", RING), **options)


def ask(
    path: str = "/v1/recommendations/c1",
    *,
    method: str = "GET",
    key: str = READ,
    headers: Mapping[str, str] | None = None,
    address: str = "",
    **query: str,
) -> Request:
    sent = {"authorization": f"Bearer {key}"} if key else {}
    return Request(method, path, {**sent, **(headers or {})}, query, address=address)


def problem(response: Response) -> tuple[int, str, str]:
    content = json.loads(response.body)
    return response.status, content["code"], content["message"]


def test_an_answer_is_json_that_only_its_reader_may_keep():
    shop = Shop()
    shop.did("c1", ("product_view", "mug"))
    answered = service(shop).answer(ask(n="1"))
    assert (answered.response.status, answered.source, answered.served) == (200, "server", "for_you")
    assert answered.response.headers == {"content-type": "application/json", "cache-control": "private, max-age=0"}
    assert json.loads(answered.response.body) == {
        "request_id": "r1",
        "surface": "for_you",
        "served": "for_you",
        "model": "20260302T040000Z-aaaa",
        "items": [
            {
                "product_id": "teapot",
                "rank": 1,
                "score": 0.9,
                "why": {"kind": "viewed", "text": "Because you viewed The mug", "product_id": "mug"},
                "name": "The teapot",
                "category": "Kitchen",
            }
        ],
        "customer_id": "c1",
    }


def test_the_key_may_be_in_another_header():
    assert service().answer(ask(key="", headers={"x-write-key": READ})).response.status == 200


def test_the_key_may_be_in_the_address():
    assert service().answer(Request("GET", "/v1/recommendations/c1", {}, {"key": READ})).response.status == 200


@pytest.mark.parametrize(
    ("key", "why"),
    [("", "key is missing"), ("tk_wrong", "wrong or has ended"), (WRITE, "sends events and reads nothing")],
)
def test_without_a_read_key_nothing_is_read_and_the_answer_says_how_to_make_one(key: str, why: str):
    shop = Shop()
    response = service(shop).answer(ask(key=key)).response
    status, code, message = problem(response)
    assert (status, code, shop.asked) == (401, "unauthorized", [])
    assert why in message
    assert "keys create SOURCE --read" in message
    assert response.headers["www-authenticate"].startswith("Bearer")


def test_keys_that_cannot_be_read_are_a_503():
    class Lost(Ring):
        def find(self, secret: str) -> Any:
            raise SettingsError("The write keys cannot be read: no disk")

    response = service(keys=Lost()).answer(ask()).response
    assert (problem(response)[:2], response.headers["retry-after"]) == ((503, "keys_unavailable"), "1")


def test_a_wrong_parameter_is_a_400_and_another_path_a_404():
    assert problem(service().answer(ask(n="0")).response)[:2] == (400, "invalid_parameter")
    assert problem(service().answer(ask("/v1/recommend")).response)[:2] == (404, "not_found")


def test_another_method_is_a_405():
    response = service().answer(ask(method="POST")).response
    assert (problem(response)[:2], response.headers["allow"]) == ((405, "method_not_allowed"), "GET, OPTIONS")


def test_a_model_that_cannot_be_read_is_a_503_to_be_tried_again():
    response = service(Shop(down={"models"})).answer(ask()).response
    status, code, message = problem(response)
    assert (status, code, response.headers["retry-after"]) == (503, "recommendations_unavailable", "1")
    assert "list of your own" in message


def test_a_key_may_ask_so_much_and_is_told_when_to_ask_again():
    seconds = [0.0]
    limits = TokenBuckets(1, 2, clock=lambda: seconds[0])
    asked = service(limits=limits)
    assert [asked.answer(ask()).response.status for _ in range(3)] == [200, 200, 429]
    assert asked.answer(ask(key=PUBLIC)).response.status == 200
    refused = asked.answer(ask()).response
    assert (problem(refused)[1], refused.headers["retry-after"]) == ("too_many_requests", "1")
    seconds[0] = 1.0
    assert asked.answer(ask()).response.status == 200


def test_one_network_may_ask_less_with_a_public_key_and_others_go_on():
    asked = service(network_limits=TokenBuckets(1, 1, clock=lambda: 0.0))
    here, there = "192.0.2.1", "192.0.2.2"
    found = [asked.answer(ask(key=PUBLIC, address=address)).response.status for address in (here, here, there)]
    assert found == [200, 429, 200]
    assert [asked.answer(ask(address=here)).response.status for _ in range(2)] == [200, 200]


def test_pages_of_an_allowed_origin_may_ask():
    asked = service(origins=[PAGE])
    response = asked.answer(ask(key=PUBLIC, headers={"origin": PAGE})).response
    assert (response.headers["access-control-allow-origin"], response.headers["vary"]) == (PAGE, "origin")
    other = asked.answer(ask(key=PUBLIC, headers={"origin": "https://other.example"})).response
    assert "access-control-allow-origin" not in other.headers
    preflight = asked.answer(ask(method="OPTIONS", key="", headers={"origin": PAGE})).response
    assert (preflight.status, preflight.headers["access-control-allow-methods"]) == (204, "GET")
    assert "authorization" in preflight.headers["access-control-allow-headers"]
    refused = asked.answer(ask(key="", headers={"origin": PAGE})).response
    assert refused.headers["access-control-allow-origin"] == PAGE


def test_answers_are_counted_by_list_and_by_status():
    asked = service()
    for request in (ask(), ask(surface="trending"), ask(n="0"), ask(key="")):
        asked.answer(request)
    assert asked.counts() == {
        "http_200": 2,
        "served_best_sellers": 1,
        "served_trending": 1,
        "http_400": 1,
        "http_401": 1,
    }


class Server:
    recommendations: RecommendationService | None = None


@pytest.fixture
def server() -> Server:
    found = Server()
    found.recommendations = service()
    return found


@pytest.fixture
def client(server: Server) -> TestClient:
    return TestClient(Shortcut(Starlette(), routes(server)), headers={"authorization": f"Bearer {READ}"})


def test_over_http_the_path_is_decoded_once(client: TestClient):
    paths = {"c%201": "c 1", "a%0Ab": "a\nb", "100%25": "100%", "a%2Fb": "a/b", "%C3%BC": "ü", "a%3Fb%23": "a?b#"}
    found = {path: client.get(f"/v1/recommendations/{path}").json()["customer_id"] for path in paths}
    assert found == paths
    assert client.get("/v1/recommendations", params={"customer_id": "a/b?c"}).json()["customer_id"] == "a/b?c"


def test_over_http_a_page_asks_without_a_customer(client: TestClient):
    answer = client.get("/v1/recommendations?context_item=mug&n=1")
    assert "customer_id" not in answer.json()
    assert answer.json()["items"][0]["product_id"] == "teapot"
    assert answer.headers["cache-control"] == "private, max-age=0"
    assert client.get("/v1/recommendations/").status_code == 200


def test_over_http_all_other_paths_are_the_apps(client: TestClient):
    assert [client.get(path).status_code for path in ("/", "/v1/recommendationsx", "/v1")] == [404, 404, 404]
    assert client.get("/v1/recommendationsx").text == "Not Found"


def test_before_the_start_it_is_a_503(server: Server, client: TestClient):
    server.recommendations = None
    answer = client.get("/v1/recommendations/c1")
    assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (503, "not_ready", "1")


def test_the_access_log_names_no_customer(client: TestClient, monkeypatch: pytest.MonkeyPatch):
    logged: list[dict[str, Any]] = []
    monkeypatch.setattr(access.logger, "isEnabledFor", lambda _: True)
    monkeypatch.setattr(access, "log", lambda **line: logged.append(line))
    client.get("/v1/recommendations/c1?n=0")
    client.get("/v1/recommendations/c1")
    assert [(line["route"], line["status"], line["source"]) for line in logged] == [
        ("/v1/recommendations", 400, None),
        ("/v1/recommendations", 200, "server"),
    ]


def test_starlettes_own_router_finds_the_same_routes(server: Server):
    app = Starlette(routes=routes(server))
    found = TestClient(app, headers={"authorization": f"Bearer {READ}"}).get("/v1/recommendations/a%2Fb")
    assert found.json()["customer_id"] == "a/b"

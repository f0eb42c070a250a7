"""Requests for recommendations and their answers: keys, limits, pages that may ask, problems. Pure but for its ports.

The HTTP server and the Lambda handler both call `RecommendationService.answer`.
"""

from __future__ import annotations

import math
import threading
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass

import msgspec

from catalogue.errors import SourceError, TakingsError
from pipeline.collecting.authentication import reading_keys, unauthorized
from pipeline.collecting.envelope import Problem, Request, Response, json_response, unavailable, write_key
from pipeline.collecting.keys import Keys, WriteKey
from pipeline.collecting.limits import TokenBuckets, network_of
from pipeline.collecting.origins import Origins
from pipeline.recommend.serving.question import KEY_PARAMETER, PATH, is_recommendations, parse
from pipeline.recommend.serving.recommender import Recommender

RATE, BURST = 1_000, 2_000  # requests a second and at once, of one key: about what one process answers
NETWORK_RATE, NETWORK_BURST = 20, 200  # the same of one network with a public key: a page asks once or twice
KEPT = "private, max-age=0"  # an answer is one customer's, and the next view changes it
METHODS = ("GET",)
_ENCODER = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer, with what logs and metrics say of it.

    Attributes
    ----------
    source : who asked, where the key was valid
    served : the list that was served (`pipeline.recommend.serving.recommender.Answer`); empty for a refusal
    """

    response: Response
    source: str | None = None
    served: str = ""


class RecommendationService:
    """Answers requests for recommendations. Safe to use from several threads.

    Parameters
    ----------
    keys : finds the read key of a secret
    origins : pages that may ask from a browser; ``*`` for every page
    limits, network_limits : how much a key may ask, and one network with a public key
    failed : called with why the models could not be read; the sender gets less of it
    """

    def __init__(
        self,
        recommender: Recommender,
        keys: Keys,
        *,
        origins: Collection[str] = (),
        limits: TokenBuckets | None = None,
        network_limits: TokenBuckets | None = None,
        failed: Callable[[TakingsError], None] = lambda _: None,
    ) -> None:
        self._recommender, self._keys, self._failed = recommender, keys, failed
        self._origins = Origins(origins)
        self._limits = TokenBuckets(RATE, BURST) if limits is None else limits
        self._network_limits = TokenBuckets(NETWORK_RATE, NETWORK_BURST) if network_limits is None else network_limits
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def counts(self) -> dict[str, int]:
        """Answers by list (``served_for_you``) and by status (``http_200``)."""
        with self._lock:
            return dict(self._counts)

    def answer(self, request: Request) -> Answered:
        """Answer one request. Raises nothing that a request could cause."""
        try:
            answered = self._answer(request)
        except Problem as problem:
            answered = Answered(problem.response())
        with self._lock:
            self._counts[f"http_{answered.response.status}"] += 1
            if answered.served:
                self._counts[f"served_{answered.served}"] += 1
        shared = self._origins.share(request, answered.response)
        return Answered(shared, answered.source, answered.served)

    def _answer(self, request: Request) -> Answered:
        if not is_recommendations(request.path):
            raise Problem(404, "not_found", f"There is nothing here; recommendations are at {PATH}/CUSTOMER_ID.")
        if request.method == "OPTIONS":
            return Answered(self._origins.preflight(request, METHODS))
        if request.method not in METHODS:
            raise Problem(405, "method_not_allowed", "Ask with GET.", {"allow": "GET, OPTIONS"})
        key = self._key(request)
        self._limit(key, request.address)
        question = parse(request.path, request.query)
        try:
            answer = self._recommender.answer(question)
        except SourceError as error:
            self._failed(error)
            remedy = "Show a list of your own, and ask again."
            raise unavailable("recommendations_unavailable", error.what, remedy) from error
        response = json_response(200, _ENCODER.encode(answer), {"cache-control": KEPT})
        return Answered(response, key.source, answer.served)

    def _key(self, request: Request) -> WriteKey:
        secret = write_key(request, KEY_PARAMETER)
        with reading_keys():
            key = self._keys.find(secret) if secret else None
        if key is None:
            what = "The read key is wrong or has ended." if secret else "The read key is missing."
            raise unauthorized(what, "keys create SOURCE --read")
        if key.purpose != "read":
            raise unauthorized("This key sends events and reads nothing.", "keys create SOURCE --read")
        return key

    def _limit(self, key: WriteKey, address: str) -> None:
        """Refuse a request whose sender has asked too much."""
        who, wait = "This address", 0.0
        if key.public and address:
            wait = self._network_limits.take(f"{key.id} {network_of(address)}", 1)
        if not wait:
            who, wait = "This key", self._limits.take(key.id, 1)
        if wait > 0:
            headers = {"retry-after": str(math.ceil(wait))}
            raise Problem(429, "too_many_requests", f"{who} has asked too much; try again later.", headers)

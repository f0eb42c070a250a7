"""What the AWS engines share: clients made once, calls tried again where the service is busy, failures in words.

Every failure is one `QueryFailed` with its remedy. What a call is refused with is told here; what a statement fails
with is told by the engine that ran it, through `refusal`.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from catalogue.errors import QueryFailed
from console.aws.permissions import action_of

ATTEMPTS = (
    6  # of one call: with botocore's jittered exponential waits that is up to about half a minute of a busy service
)
CONNECT_SECONDS = 5
READ_SECONDS = 30
CONNECTIONS = 32  # tiles of some readers at once
REMEMBERED = {"athena": "GetWorkGroup"}
REMEMBERED_SECONDS = 60.0
MOST_WORDS = 400  # characters of an engine's own message that a page shows

_SIGNS_AS = {"Amazon S3": "s3", "Athena": "athena", "Redshift": "redshift-data"}
EXPIRED = "Sign in again, or check the role of this process, then reload the page."
_CREDENTIALS = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "InvalidToken",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "RequestExpired",
        "RequestTimeTooSkewed",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "403", "Forbidden", "UnauthorizedException"})
_BUSY = frozenset(
    {
        "ActiveSessionsExceededException",
        "ActiveStatementsExceededException",
        "RequestLimitExceeded",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)


class Memory:
    """Answers of one operation that seldom change, given again for a minute instead of asked for.

    awswrangler asks for the workgroup before every statement: a tenth of a second for each tile, and a quota besides.
    It hooks into botocore's events: what answers ``before-call`` is taken in place of a request.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._answers: dict[bytes, tuple[float, tuple[Any, Any]]] = {}

    def watch(self, client: Any, operation: str) -> None:
        """Remember what a client is answered to an operation."""
        event = f"{client.meta.service_model.service_id.hyphenize()}.{operation}"
        client.meta.events.register(f"before-call.{event}", self._before)
        client.meta.events.register(f"after-call.{event}", self._after)

    def _before(self, params: dict[str, Any], context: dict[str, Any], **_: Any) -> tuple[Any, Any] | None:
        asked_at, answer = self._answers.get(params["body"], (-REMEMBERED_SECONDS, (None, None)))
        if self._clock() - asked_at < REMEMBERED_SECONDS:
            return answer
        context["takings_asked"] = (params["body"], self._clock())
        return None

    def _after(self, http_response: Any, parsed: Any, context: dict[str, Any], **_: Any) -> None:
        asked = context.pop("takings_asked", None)
        if asked is not None and http_response.status_code < 300:
            self._answers[asked[0]] = (asked[1], (http_response, parsed))


def _tried_enough(parsed: dict[str, Any], **_: Any) -> None:
    """Call a refusal that botocore gave up on by a name that awswrangler does not try again.

    It would ask five times more for each of botocore's, up to two minutes, asleep where no reader's leaving ends it.
    """
    error = parsed.get("Error", {})
    if error.get("Code") == "ThrottlingException":
        error["Code"] = "TooManyRequestsException"


class SharedClients:
    """A boto3 session that makes each client once.

    awswrangler makes a client for every call, and making clients in several threads at once is not safe in boto3; a
    client that stands may be used by all of them. Throttled calls are tried again in botocore's standard mode
    (exponential waits with jitter).
    """

    def __init__(self, session: Any) -> None:
        self._session: Any = session._session if isinstance(session, SharedClients) else session
        self._lock = threading.Lock()
        self._clients: dict[str, Any] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    def client(self, service_name: str, **given: Any) -> Any:
        """The client of a service; options but the endpoint are ours, not the caller's."""
        from botocore.config import Config

        config = Config(
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            max_pool_connections=CONNECTIONS,
        )
        with self._lock:
            if service_name not in self._clients:
                endpoint = given.get("endpoint_url")
                made = self._session.client(service_name, endpoint_url=endpoint, config=config)
                made.meta.events.register("after-call.athena", _tried_enough)
                if service_name in REMEMBERED:
                    Memory().watch(made, REMEMBERED[service_name])
                self._clients[service_name] = made
            return self._clients[service_name]


def error_code(error: Any) -> str:
    """The code of a botocore ClientError."""
    return str(error.response.get("Error", {}).get("Code", ""))


@dataclass(frozen=True)
class Refusal:
    """A pattern of an engine's own words, with what we say instead; ``{0}`` is what its first group found."""

    pattern: str
    what: str
    remedy: str


def check_length(sql: str, longest: int, *, engine: str, where: str) -> None:
    """Raises QueryFailed for a statement of more bytes than an engine takes: long lists of values make one."""
    size = len(sql.encode())
    if size > longest:
        raise QueryFailed(
            f"The question has {size / 1000:,.0f} kB of SQL, more than {engine} takes",
            where=where,
            remedy="Choose fewer values in the filters.",
        )


def refusal(reason: str, known: Sequence[Refusal], *, engine: str, where: str) -> QueryFailed:
    """A statement's failure: the first known pattern that fits, else the engine's first line."""
    for each in known:
        found = re.search(each.pattern, reason, re.IGNORECASE | re.DOTALL)
        if found is not None:
            named = [group.replace('"."', ".") for group in found.groups() if group]  # "a"."b" is a.b to people
            return QueryFailed(_short(each.what.format(*named)), where=where, remedy=each.remedy.format(*named))
    first = _short((reason.strip().splitlines() or ["no reason given"])[0].rstrip("."))
    return QueryFailed(
        f"{engine} refused the query: {first}", where=where, remedy="Try again; the engine's history tells more."
    )


def _short(text: str) -> str:
    """An engine may quote the whole statement."""
    return text if len(text) <= MOST_WORDS else f"{text[:MOST_WORDS]} …"


@contextmanager
def calling(service: str, where: str, known: Sequence[Refusal] = ()) -> Iterator[None]:
    """Calls made inside fail as `QueryFailed`.

    Parameters
    ----------
    service : its name, for people
    where : the query or the place that is asked
    known : patterns of what this service refuses a call with
    """
    from botocore.exceptions import (
        BotoCoreError,
        ClientError,
        ConnectionError,
        CredentialRetrievalError,
        HTTPClientError,
        NoCredentialsError,
        NoRegionError,
        PartialCredentialsError,
        TokenRetrievalError,
        UnauthorizedSSOTokenError,
    )

    try:
        yield
    except ClientError as error:
        raise _refused(error, service, where, known) from error
    except (
        CredentialRetrievalError,
        NoCredentialsError,
        PartialCredentialsError,
        TokenRetrievalError,
        UnauthorizedSSOTokenError,
    ) as error:
        raise QueryFailed(f"There are no credentials for {service}", where=where, remedy=EXPIRED) from error
    except NoRegionError as error:
        raise QueryFailed(
            f"The region of {service} is unknown", where=where, remedy="Set AWS_REGION, such as eu-central-1."
        ) from error
    except (ConnectionError, HTTPClientError) as error:
        raise QueryFailed(
            f"{service} cannot be reached", where=where, remedy="Check the network and the region, then try again."
        ) from error
    except BotoCoreError as error:
        first = str(error).splitlines()[0].rstrip(".")
        raise QueryFailed(f"{service} cannot be asked: {first}", where=where, remedy="Check the settings.") from error


def _refused(error: Any, service: str, where: str, known: Sequence[Refusal]) -> QueryFailed:
    code = error_code(error)
    message = str(error.response.get("Error", {}).get("Message", ""))
    if code in _CREDENTIALS:
        return QueryFailed(f"The credentials for {service} have expired or are not valid", where=where, remedy=EXPIRED)
    if code in _DENIED:
        action = re.search(r"perform:? ([\w-]+:\w+)", message)
        allow = action[1] if action else action_of(_SIGNS_AS.get(service, service), error.operation_name)
        return QueryFailed(
            f"{service} denied access to {allow}",
            where=where,
            remedy=f"Allow {allow} in the role of this process; `python -m console permissions` lists all it needs.",
        )
    if code in _BUSY:
        return QueryFailed(
            f"{service} is busy: {ATTEMPTS} attempts were throttled",
            where=where,
            remedy="Try again in a minute; ask for a higher quota if it stays.",
        )
    return refusal(message or code, known, engine=service, where=where)

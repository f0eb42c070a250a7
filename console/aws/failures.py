"""Failures of AWS as our own errors: what failed, where, and what to do next.

    with translate_errors("Athena", query, KNOWN):
        client.start_query_execution(…)

A call that is refused is translated by `translate_errors`; a statement that an engine accepted and then broke off, by
`statement_failure`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from catalogue.errors import QueryFailed, SourceError
from console.aws.permissions import action_of

MOST_WORDS = 400  # characters of an engine's own message that a page shows
DENIED = frozenset({
    "403", "AccessDenied", "AccessDeniedException", "AuthorizationError", "Forbidden", "UnauthorizedException",
    "UnauthorizedOperation", "WAFAccessDeniedException",
})  # fmt: skip
INVALID_CREDENTIALS = frozenset({
    "ExpiredToken", "ExpiredTokenException", "IncompleteSignature", "InvalidAccessKeyId", "InvalidClientTokenId",
    "InvalidSignatureException", "InvalidToken", "MissingAuthenticationToken", "MissingAuthenticationTokenException",
    "RequestExpired", "RequestTimeTooSkewed", "SignatureDoesNotMatch", "UnrecognizedClientException",
})  # fmt: skip
THROTTLED = frozenset({
    "ActiveSessionsExceededException", "ActiveStatementsExceededException", "LimitExceededException",
    "ProvisionedThroughputExceededException", "RequestLimitExceeded", "SlowDown", "Throttling", "ThrottlingException",
    "TooManyRequestsException",
})  # fmt: skip
"""The first two are of the Redshift Data API: botocore tries neither again."""
_SIGNING_NAMES = {"Amazon S3": "s3", "Athena": "athena", "DynamoDB": "dynamodb", "Redshift": "redshift-data"}
_SIGN_IN = "Sign in again, or check the role of this process, then try again."


@dataclass(frozen=True)
class KnownFailure:
    """A pattern of an error's code or message, and what we say instead; ``{0}`` is what its first group matched."""

    pattern: str
    what: str
    remedy: str


def error_code(error: BaseException | None) -> str:
    """The code that AWS gave a failure, ours or botocore's; empty where AWS was not reached."""
    response = getattr(error, "response", None) or getattr(getattr(error, "__cause__", None), "response", {})
    return str(response.get("Error", {}).get("Code", ""))


@contextmanager
def translate_errors(
    service: str,
    where: str,
    known: Sequence[KnownFailure] = (),
    *,
    action: str = "",
    error: Callable[..., SourceError] = QueryFailed,
) -> Iterator[None]:
    """Turn what botocore raises inside into one of our errors.

    Parameters
    ----------
    service : its name, for people
    where : the query, or the place that is asked
    known : failures that have better words than those of AWS
    action : the IAM action of the call; where it is empty, it is read from the message or from the operation
    error : the class to raise
    """
    from botocore import exceptions as botocore

    try:
        yield
    except botocore.ClientError as failure:
        what, remedy = _refused(failure, service, known, action)
        raise error(what, where=where, remedy=remedy) from failure
    except (
        botocore.CredentialRetrievalError,
        botocore.NoCredentialsError,
        botocore.PartialCredentialsError,
        botocore.TokenRetrievalError,
        botocore.UnauthorizedSSOTokenError,
    ) as failure:
        raise error(f"There are no credentials for {service}", where=where, remedy=_SIGN_IN) from failure
    except botocore.NoRegionError as failure:
        raise error(
            f"The region of {service} is unknown", where=where, remedy="Set AWS_REGION, such as eu-central-1."
        ) from failure
    except botocore.ParamValidationError as failure:
        what = f"{service} cannot be asked: {' '.join(str(failure).split())}"
        raise error(what, where=where, remedy="This is a mistake in the console: report it.") from failure
    except (botocore.ConnectionError, botocore.HTTPClientError) as failure:
        raise error(
            f"{service} cannot be reached", where=where, remedy="Check the network and the region, then try again."
        ) from failure
    except botocore.BotoCoreError as failure:
        first = str(failure).splitlines()[0].rstrip(".")
        raise error(f"{service} cannot be asked: {first}", where=where, remedy="Check the settings.") from failure


def _refused(failure: Any, service: str, known: Sequence[KnownFailure], action: str) -> tuple[str, str]:
    """The sentence about a call that AWS refused, and the remedy."""
    code, metadata = error_code(failure), failure.response.get("ResponseMetadata", {})
    message = str(failure.response.get("Error", {}).get("Message", "")).strip()
    attempts = 1 + int(metadata.get("RetryAttempts", 0))
    if code in INVALID_CREDENTIALS:
        return f"The credentials for {service} have expired or are not valid ({code})", _SIGN_IN
    if code in DENIED:
        found = re.search(r"perform:? ([\w-]+:\w+)", message)
        by_name = action_of(_SIGNING_NAMES.get(service, service), failure.operation_name)
        allow = action or (found[1] if found else by_name)
        remedy = f"Allow {allow} in the role of this process; `python -m console permissions` lists all it needs."
        return f"{service} denied access to {allow}", remedy
    if code in THROTTLED:
        remedy = "Try again in a minute; ask for a higher quota if it stays."
        return f"{service} is busy: {_count(attempts)} throttled", remedy
    if int(metadata.get("HTTPStatusCode", 0)) >= 500:
        return f"{service} failed: {_count(attempts)} answered with {code}", "Try again in a few minutes."
    return _in_our_words(f"{code}: {message}" if message else code, known) or (
        f"{service} refused: {_short(message.rstrip('.'))} ({code})" if message else f"{service} refused ({code})",
        "See the message; check the region and the permissions.",
    )


def _count(attempts: int) -> str:
    return "1 attempt was" if attempts == 1 else f"{attempts} attempts were"


def statement_failure(reason: str, known: Sequence[KnownFailure], *, engine: str, where: str) -> QueryFailed:
    """A statement's failure: the first known one that fits, else the first line of the engine's reason."""
    first = _short((reason.strip().splitlines() or ["no reason given"])[0].rstrip("."))
    what, remedy = _in_our_words(reason, known) or (
        f"{engine} refused the query: {first}",
        "Try again; the engine's query history has details.",
    )
    return QueryFailed(what, where=where, remedy=remedy)


def _in_our_words(text: str, known: Sequence[KnownFailure]) -> tuple[str, str] | None:
    """The sentence and remedy of the first known failure that fits."""
    for failure in known:
        found = re.search(failure.pattern, text, re.IGNORECASE | re.DOTALL)
        if found is not None:
            words = [
                group.replace('"."', ".") for group in found.groups() if group is not None
            ]  # "a"."b" is a.b to people
            return _short(failure.what.format(*words)), failure.remedy.format(*words)
    return None


def _short(text: str) -> str:
    """The text, cut to `MOST_WORDS` characters: an engine may quote the whole statement."""
    return text if len(text) <= MOST_WORDS else f"{text[:MOST_WORDS]} …"

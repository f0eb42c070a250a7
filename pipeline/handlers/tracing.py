"""Traces of a share of a handler's invocations, decided here.

Lambda's active tracing records the first request of each second and 5 % of the others, and no sampling rule reaches it.
So the function runs with tracing off (``PassThrough``): Lambda then makes no segment, and runs the X-Ray daemon for
sampled requests only (X-Ray developer guide, X-Ray daemon). An invocation that is traced is therefore recorded whole,
as a segment of our own, and sent to X-Ray directly at its end: a traced answer leaves one call later, and the first one
of a process when the SDK is loaded, a quarter of a second; the others as without tracing.

``TAKINGS_TRACED_SHARE``, from 0 to 1, is the share; none without it. The trace id of an invocation decides, so that it
is always decided the same way. An invocation that a caller's trace header names as sampled is traced.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from catalogue.errors import SettingsError
from pipeline.handlers.clients import client

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    Handler = Callable[[dict[str, Any], LambdaContext], dict[str, Any]]

SHARE = "TAKINGS_TRACED_SHARE"
HEADER = "_X_AMZN_TRACE_ID"  # Lambda's runtime sets it for each invocation
SECONDS = 1.0  # for X-Ray to take a trace; an answer waits for it
_DOCUMENTS = 25  # in one call; a document has 64 KB at most
_STREAMED = 40  # calls within a segment, beyond which they become documents of their own
_RANDOM_DIGITS, _NUMBERS = 8, 16**8  # of a trace id's last digits, which are random; and the numbers they can make


def share_of(values: Mapping[str, str]) -> Decimal:
    """The share of invocations to trace. Raises SettingsError where it is no number from 0 to 1."""
    text = values.get(SHARE) or "0"
    with suppress(InvalidOperation):
        share = Decimal(text)
        if 0 <= share <= 1:
            return share
    raise SettingsError(f"{text!r} is no share of invocations", where=SHARE, remedy="Set a number from 0 to 1: 0.01.")


def is_traced(header: str, request_id: str, share: Decimal) -> bool:
    """Whether to trace an invocation: its trace header says so, or the last digits of its id are among the share.

    An id that is none is not traced: the request is answered all the same.
    """
    if _part_of(header, "Sampled") == "1":
        return True
    digits = (_part_of(header, "Root") or request_id)[-_RANDOM_DIGITS:]
    try:
        return int(digits, 16) < share * _NUMBERS
    except ValueError:
        return False


class Tracing:
    """Runs handlers, and traces a share of the runs.

    Parameters
    ----------
    lost : called with what went wrong where X-Ray did not take a trace; the answer is not harmed
    """

    def __init__(self, share: Decimal, lost: Callable[[str], None]) -> None:
        self._share, self._lost = share, lost
        self._documents: list[str] = []
        self._recorder: Any = None
        self._xray: Any = None

    def run(self, handler: Handler, event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        """What the handler answers; what it raises is raised."""
        header = os.environ.get(HEADER, "")
        traced = is_traced(header, context.aws_request_id, self._share)
        if not traced and self._recorder is None:  # the SDK is not even imported before it is needed
            return handler(event, context)
        recorder = self._recorder = self._recorder or self._made_recorder()
        segment = recorder.begin_segment(
            context.function_name, _part_of(header, "Root"), _part_of(header, "Parent"), sampling=int(traced)
        )
        segment.set_aws({"request_id": context.aws_request_id, "function_arn": context.invoked_function_arn})
        try:
            answer = handler(event, context)
            if isinstance(status := answer.get("statusCode"), int):
                segment.put_http_meta("status", status)
            return answer
        except BaseException as error:
            segment.add_fault_flag()
            segment.put_annotation("exception", type(error).__name__)  # its words may hold what a customer did
            raise
        finally:
            recorder.end_segment()
            self._send()

    def send_entity(self, entity: Any) -> None:
        """Keep a finished segment, or a part of one, until the end of the invocation. See the SDK's emitters."""
        self._documents.append(entity.serialize())

    def _made_recorder(self) -> Any:
        from aws_xray_sdk.core import xray_recorder
        from aws_xray_sdk.core.context import Context
        from aws_xray_sdk.ext.botocore.patch import patch

        # of its own, since in Lambda the SDK's context takes no segment but Lambda's
        xray_recorder.configure(
            context=Context(context_missing="IGNORE_ERROR"), emitter=self, streaming_threshold=_STREAMED
        )
        patch()
        return xray_recorder

    def _send(self) -> None:
        from botocore.exceptions import BotoCoreError, ClientError

        documents, self._documents = self._documents, []
        if documents and self._xray is None:
            self._xray = client("xray", attempts=1, seconds=SECONDS)
        try:
            for start in range(0, len(documents), _DOCUMENTS):
                self._xray.put_trace_segments(TraceSegmentDocuments=documents[start : start + _DOCUMENTS])
        except (BotoCoreError, ClientError) as error:
            self._lost(str(error))


def _part_of(header: str, name: str) -> str | None:
    """A part of a trace header, such as its ``Root``, the trace id; None where there is none."""
    found = dict(part.partition("=")[::2] for part in header.split(";"))
    return found.get(name)

"""AWS answered in this process: a boto3 session whose requests never leave it, so that botocore's own retries, parsing
and errors are in the path and only the network is not."""

from __future__ import annotations

import io
import json
import threading
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import boto3
from botocore.awsrequest import AWSResponse

Answer = Callable[[dict[str, Any]], Any]


class Refused(Exception):  # noqa: N818 - what the service says
    """An answer that is an error: its code, its message, its HTTP status."""

    def __init__(self, code: str, message: str = "Refused.", status: int = 400) -> None:
        super().__init__(code)
        self.code, self.message, self.status = code, message, status


class _Raw(io.BytesIO):
    def stream(self, **_: Any) -> Any:
        yield self.read()


class Service:
    """Answers by operation name; what has no answer fails the test.

    Attributes
    ----------
    calls : (operation, parameters) of every request that was sent, in order
    objects : bodies by ``bucket/key``; S3 answers from them
    """

    def __init__(self, **answers: Answer) -> None:
        self.answers = answers
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.objects: dict[str, bytes] = {}
        self._refusals: dict[str, list[Refused]] = defaultdict(list)
        self._lock = threading.Lock()
        self.session = boto3.Session("key", "secret", region_name="us-east-1")
        events = self.session.events
        events.register("provide-client-params", self._note)
        events.register("before-send", self._answer)
        self._parameters = threading.local()

    def refuse(self, operation: str, *refusals: Refused) -> None:
        """Let the next requests of an operation fail so, one after the other."""
        self._refusals[operation] += refusals

    def times(self, operation: str) -> int:
        """How often an operation was sent."""
        return sum(name == operation for name, _ in self.calls)

    def given(self, operation: str) -> list[dict[str, Any]]:
        """The parameters of every request of an operation."""
        return [parameters for name, parameters in self.calls if name == operation]

    def _note(self, params: dict[str, Any], **_: Any) -> None:
        self._parameters.last = params

    def _answer(self, request: Any, event_name: str, **_: Any) -> AWSResponse:
        operation = event_name.rpartition(".")[2]
        with self._lock:
            self.calls.append((operation, self._parameters.last))
            refused = self._refusals[operation].pop(0) if self._refusals[operation] else None
        is_s3 = ".s3." in event_name
        try:
            if refused is not None:
                raise refused
            if is_s3:
                return self._object(operation, self._parameters.last, request)
            answer = self.answers[operation](self._parameters.last)
        except Refused as error:
            return _refusal(request, error, xml=is_s3, query=".sts." in event_name)
        return AWSResponse(request.url, 200, {}, _Raw(json.dumps(answer, default=str).encode()))

    def _object(self, operation: str, given: dict[str, Any], request: Any) -> AWSResponse:
        if operation == "GetObject":
            found = self.objects.get(f"{given['Bucket']}/{given['Key']}")
            if found is None:
                raise Refused("NoSuchKey", "No such key.", 404)
            headers = {
                "ETag": f'"{hash(found):x}"',
                "Last-Modified": "Tue, 31 Mar 2026 12:00:00 GMT",
                "Content-Length": str(len(found)),
            }
            return AWSResponse(request.url, 200, headers, _Raw(found))
        if operation == "ListObjectsV2":
            prefix = f"{given['Bucket']}/{given['Prefix']}"
            keys = [key.partition("/")[2] for key in sorted(self.objects) if key.startswith(prefix)]
            listed = "".join(
                f"<Contents><Key>{key}</Key><Size>{len(self.objects[given['Bucket'] + '/' + key])}</Size>"
                "<LastModified>2026-03-31T12:00:00Z</LastModified><ETag>e</ETag></Contents>"
                for key in keys
            )
            text = f"<ListBucketResult><IsTruncated>false</IsTruncated>{listed}</ListBucketResult>"
            return AWSResponse(request.url, 200, {}, _Raw(text.encode()))
        assert operation == "DeleteObjects", operation
        for one_key in given["Delete"]["Objects"]:
            self.objects.pop(f"{given['Bucket']}/{one_key['Key']}", None)
        return AWSResponse(request.url, 200, {}, _Raw(b"<DeleteResult></DeleteResult>"))


def _refusal(request: Any, error: Refused, *, xml: bool, query: bool) -> AWSResponse:
    text = json.dumps({"__type": error.code, "message": error.message})
    if xml or query:
        text = f"<Error><Code>{error.code}</Code><Message>{error.message}</Message></Error>"
    if query:
        text = f"<ErrorResponse>{text}</ErrorResponse>"
    return AWSResponse(request.url, error.status, {"x-amzn-requestid": "r"}, _Raw(text.encode()))

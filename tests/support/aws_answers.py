"""AWS clients whose answers a test gives. Question and answer are held against botocore's own models of the service."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.awsrequest import AWSResponse
from botocore.validate import validate_parameters

from console.aws.permissions import action_of

Answer = Mapping[str, Any] | Callable[[Mapping[str, Any]], Mapping[str, Any]] | str
"""What is answered, or computed from the question's parameters; a text is the code of an error."""


@dataclass
class Answers:
    """Makes clients; what was called is in `actions` (IAM) and `asked` ((service, operation, parameters))."""

    answers: Mapping[str, Answer]
    actions: set[str] = field(default_factory=set)
    asked: list[tuple[str, str, Mapping[str, Any]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._clients: dict[tuple[str, str], Any] = {}
        self._given = threading.local()

    def __call__(self, service: str, region: str) -> Any:
        """A client, as `console.savings.aws.reading.Clients`."""
        with self._lock:
            if (service, region) not in self._clients:
                self._clients[service, region] = self._made(service, region)
            return self._clients[service, region]

    def _made(self, service: str, region: str) -> Any:
        client = boto3.client(
            service,
            region_name=region,
            aws_access_key_id="testing",
            aws_secret_access_key="testing",  # noqa: S106 - opens nothing
        )

        def asked(params: dict[str, Any], **_: Any) -> None:
            self._given.params = dict(params)

        def answered(model: Any, **_: Any) -> tuple[Any, Any]:
            params = self._given.params
            self.actions.add(action_of(model.service_model.signing_name, model.name))
            self.asked.append((service, model.name, params))
            answer = self.answers[f"{service}:{model.name}"]
            if callable(answer):
                answer = answer(params)
            if isinstance(answer, str):
                parsed: Any = {"Error": {"Code": answer, "Message": f"{answer} of a test"}, "ResponseMetadata": {}}
                return AWSResponse("", 400, {}, None), parsed
            if model.output_shape is not None:
                validate_parameters(dict(answer), model.output_shape)  # raises where the service could not answer so
            return AWSResponse("", 200, {}, None), {**answer, "ResponseMetadata": {"RequestId": "r-1"}}

        client.meta.events.register_first("before-parameter-build", asked)
        client.meta.events.register_first("before-call", answered)
        return client

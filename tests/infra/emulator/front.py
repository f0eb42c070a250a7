"""What stands between the deployment program and the emulator: it passes on all but what the emulator lacks.

Templates are made without the types of `left_out.toml`, and are shown whole to whoever asks for them, as CloudFormation
would. The program knows nothing of it: botocore and CDK have the address from variables of their environment.
"""

from __future__ import annotations

import html
import http.client
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from tests.engines.ministack_server import MinistackServer
from tests.infra.emulator import gaps
from tests.infra.emulator.code import LocalCode
from tests.infra.emulator.loopback import serving
from tests.infra.emulator.stacks import reduced

WHOLE = "Whole"  # in the metadata of a template that the emulator has: what it was made from
_TEMPLATE = re.compile(r"(?<=<TemplateBody>).*(?=</TemplateBody>)", re.DOTALL)
_SIGNED = re.compile(r"Credential=[^/]+/[^/]+/([^/]+)/([^/]+)/")
_OF_THE_CONNECTION = frozenset({"connection", "content-length", "host", "transfer-encoding"})


@dataclass
class Front:
    """The front of one emulator.

    Attributes
    ----------
    prefix : what the names of the stacks begin with whose templates are reduced
    made : the whole templates that were handed in, by stack
    """

    server: MinistackServer
    code: LocalCode
    prefix: str
    made: dict[str, dict[str, Any]] = field(default_factory=dict)

    def environment(self, address: str) -> dict[str, str]:
        """What points the clients of a process to the front, and to the emulator for all else."""
        services = ["CLOUDFORMATION", *gaps.SERVICES.values()]
        return {"AWS_ENDPOINT_URL": self.server.endpoint} | {f"AWS_ENDPOINT_URL_{name}": address for name in services}

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, str, bytes]:
        """Status, type and content of the answer to a request."""
        signed = _SIGNED.search(headers.get("authorization", ""))
        service = signed[2] if signed else ""
        operation = headers.get("x-amz-target", "").rpartition(".")[2] or path.strip("/")
        given = gaps.answer(service, operation, json.loads(body or b"{}")) if service in _KNOWN else None
        if given is not None:
            return given[0], "application/x-amz-json-1.1", json.dumps(given[1]).encode()
        fields = dict(parse_qsl(body.decode())) if service == "cloudformation" else {}
        if fields.get("Action") == "CreateChangeSet" and fields["StackName"].startswith(self.prefix):
            body = urlencode(self._reduced(fields)).encode()
        status, kind, content = self._passed_on(method, path, headers, body)
        if fields.get("Action") == "GetTemplate":
            content = _TEMPLATE.sub(_whole, content.decode()).encode()
        return status, kind, content

    def _reduced(self, fields: dict[str, str]) -> dict[str, str]:
        """A call with a template that the emulator can make, beside the one that it was given."""
        bucket, _, key = urlsplit(fields["TemplateURL"]).path.strip("/").partition("/")
        whole = json.loads(self.code.s3.get_object(Bucket=bucket, Key=key)["Body"].read())
        self.made[fields["StackName"]] = whole
        less = reduced(whole) | {"Metadata": {WHOLE: whole}}
        if not less.get("Resources"):
            less["Resources"] = {"Nothing": {"Type": "AWS::CloudFormation::WaitConditionHandle"}}
        self.code.put(less)
        self.code.s3.put_object(Bucket=bucket, Key=f"reduced/{key}", Body=json.dumps(less).encode())
        return fields | {"TemplateURL": f"{self.server.endpoint}/{bucket}/reduced/{key}"}

    def _passed_on(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, str, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=120)
        try:
            passed = {name: value for name, value in headers.items() if name not in _OF_THE_CONNECTION}
            connection.request(method, path, body, passed)
            answer = connection.getresponse()
            return answer.status, answer.headers.get("Content-Type", ""), answer.read()
        finally:
            connection.close()


_KNOWN = {*gaps.SERVICES, *gaps.SIGNED_AS}


def _whole(found: re.Match[str]) -> str:
    template = json.loads(html.unescape(found[0]))
    whole = template.get("Metadata", {}).get(WHOLE, template)
    return html.escape(json.dumps(whole), quote=False)


@contextmanager
def listening(front: Front) -> Iterator[str]:
    """Listen on loopback; gives the address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, kind, content = front.answer(self.command, self.path, headers, body)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Nothing: what fails is in the answer."""

    with serving(Handler) as port:
        yield f"http://127.0.0.1:{port}"

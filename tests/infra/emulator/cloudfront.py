"""CloudFront as senders meet it: it ends their TLS and passes requests on to its origin, with the headers it adds.

It is the proxy of the process that sends: names of distributions resolve nowhere here, and a proxy is given names.
Every other name is refused, and noted. The distribution is the one that the emulator made from the template.
"""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.infra.emulator.loopback import serving

DOMAIN = "cloudfront.net"


@dataclass
class CloudFront:
    """The edge of one emulator.

    Parameters
    ----------
    client : a client of the emulator's CloudFront
    port : the emulator's
    delivered : is called after a request was passed on, before its answer is given

    Attributes
    ----------
    refused : the other hosts that somebody asked for
    """

    client: Any
    port: int
    scratch: Path
    delivered: Callable[[], None]
    refused: list[str] = field(default_factory=list)

    @property
    def authority(self) -> Path:
        """The certificate to trust."""
        return self.scratch / "edge.pem"

    def environment(self, port: int) -> dict[str, str]:
        """What lets a process send by way of it, and by way of nothing else."""
        proxy = dict.fromkeys(("HTTPS_PROXY", "https_proxy"), f"http://127.0.0.1:{port}")
        return proxy | {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1", "SSL_CERT_FILE": str(self.authority)}

    def passed_on(
        self, host: str, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, str, bytes]:
        """The origin's answer: status, type, content."""
        origin = self._origin(host)
        added = {item["HeaderName"]: item["HeaderValue"] for item in origin["CustomHeaders"]["Items"]}
        api = origin["DomainName"].partition(".")[0]
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, headers | added | {"Host": f"{api}.execute-api.localhost"})
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        self.delivered()
        return answer.status, answer.headers.get("Content-Type", ""), content

    def _origin(self, host: str) -> dict[str, Any]:
        listed = self.client.list_distributions()["DistributionList"]["Items"]
        identity = next(one["Id"] for one in listed if one["DomainName"] == host)
        config = self.client.get_distribution_config(Id=identity)["DistributionConfig"]
        [origin] = config["Origins"]["Items"]
        return dict(origin)


@contextmanager
def listening(edge: CloudFront) -> Iterator[int]:
    """Listen on loopback; gives the port."""
    tls = _tls(edge.authority)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        host = ""

        def do_CONNECT(self) -> None:
            self.host = self.path.rpartition(":")[0]
            if not self.host.endswith(f".{DOMAIN}"):
                edge.refused.append(self.path)
                self.send_error(403)
                return
            self.send_response(200)
            self.end_headers()
            self.connection = tls.wrap_socket(self.connection, server_side=True)
            self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb")
            self.close_connection = False  # what follows comes by the same connection

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            headers = {
                name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection")
            }
            status, kind, content = edge.passed_on(self.host, self.command, self.path, headers, body)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def finish(self) -> None:
            super().finish()
            self.connection.close()  # the one with TLS, of which the server does not know

        def log_message(self, *_: object) -> None:
            """Nothing: what fails is in the answer."""

    with serving(Handler) as port:
        yield port


def _tls(authority: Path) -> ssl.SSLContext:
    """A certificate of our own for every distribution, written where it can be trusted."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, DOMAIN)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(f"*.{DOMAIN}")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    authority.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    secret = authority.with_suffix(".key")
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority, secret)
    return context

"""The write keys of a deployed collector: a secret that holds what `keys.json` of a lake does, changed by the same
code. A key is shown once, when it is made; the secret holds digests.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from catalogue.errors import SourceError
from console.aws.failures import translate_errors
from infra_cdk.deploying.clients import Clients
from infra_cdk.installation import Installation
from pipeline.collecting.keys import FILE, KeyFile

SECRET = "write-keys"  # noqa: S105 - the last word of the secret's name


@contextmanager
def opened(clients: Clients, installation: Installation) -> Iterator[KeyFile]:
    """The keys as a file that may be changed; a change is written back when all went well.

    Raises
    ------
    QueryFailed
        Secrets Manager refused.
    SourceError
        Somebody else changed the keys meanwhile; nothing is written.
    """
    client, name = clients.client("secretsmanager"), installation.name(SECRET)
    version, content = _read(client, name)
    with TemporaryDirectory() as folder:
        path = Path(folder) / FILE
        path.write_text(content, encoding="utf-8")
        yield KeyFile(path)
        changed = path.read_text(encoding="utf-8")
    if changed == content:
        return
    if _read(client, name)[0] != version:
        raise SourceError("Somebody else changed the keys", where=name, remedy="Run the same command again.")
    with translate_errors("Secrets Manager", name, action="secretsmanager:PutSecretValue"):
        client.put_secret_value(SecretId=name, SecretString=changed)


def _read(client: Any, name: str) -> tuple[str, str]:
    """The version and the content of the secret."""
    with translate_errors("Secrets Manager", name, action="secretsmanager:GetSecretValue"):
        answer = client.get_secret_value(SecretId=name)
    return answer["VersionId"], answer["SecretString"]

"""The canary's write key: made by a deployment, which puts it into the canary's own secret and its digest among the
collector's write keys.
"""

from __future__ import annotations

from catalogue.errors import QueryFailed
from console.aws.failures import error_code, translate_errors
from infra_cdk.deploying import write_keys
from infra_cdk.deploying.clients import Clients
from infra_cdk.installation import Installation

SECRET = "canary-key"  # noqa: S105 - the last word of the secret's name
SOURCE = "canary"


def give(clients: Clients, installation: Installation) -> bool:
    """Give the canary a key that the collector knows; whether one was made. None is, where it has one, or is not there.

    Raises as `write_keys.opened`.
    """
    client, name = clients.client("secretsmanager"), installation.name(SECRET)
    try:
        with translate_errors("Secrets Manager", name, action="secretsmanager:GetSecretValue"):
            current = client.get_secret_value(SecretId=name)["SecretString"]
    except QueryFailed as error:
        if error_code(error) == "ResourceNotFoundException":
            return False
        raise
    with write_keys.opened(clients, installation) as keys:
        if keys.find(current) is not None:
            return False
        for old in [key for key in keys.all() if key.source == SOURCE]:
            keys.revoke(old.id)
        _, secret = keys.create(SOURCE)
        with translate_errors("Secrets Manager", name, action="secretsmanager:PutSecretValue"):
            client.put_secret_value(SecretId=name, SecretString=secret)
    return True

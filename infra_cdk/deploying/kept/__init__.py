"""What stays when the stacks of an installation go, known by name and tags; and how it is deleted for ever."""

from __future__ import annotations

from infra_cdk.deploying.clients import Clients
from infra_cdk.deploying.kept import buckets, listed, resources
from infra_cdk.deploying.kept.item import Kept, Kind, Progress
from infra_cdk.installation import Installation

__all__ = ["KINDS", "Kept", "Progress", "delete", "find_all", "find_listed", "words"]

KINDS: tuple[Kind, ...] = (
    Kind(resources.STREAM, resources.streams, resources.delete_stream),  # first: it is what costs
    Kind(resources.DATABASE, resources.databases, resources.delete_database),
    Kind(resources.TABLE, resources.tables, resources.delete_table),
    Kind(buckets.KIND, buckets.find, buckets.delete),
    Kind(resources.SECRET, resources.secrets, resources.delete_secret),
    Kind(resources.KEY, resources.keys, resources.delete_key),  # last: it opens all the others
)
"""In the order in which they are deleted."""


def find_all(clients: Clients, installation: Installation) -> list[Kept]:
    """Everything that an installation keeps, in the order of `KINDS`; buckets of logs last among the buckets.

    Raises
    ------
    QueryFailed
        AWS did not answer.
    """
    found = [item for kind in KINDS for item in kind.find(clients, installation, installation.region)]
    logs = installation.bucket("logs")
    return sorted(found, key=lambda item: (_place(item), item.name == logs))


def find_listed(clients: Clients, installation: Installation) -> list[Kept]:
    """What has the installation's name and is not deleted here: what services made, and buckets without its tags."""
    found = list(buckets.find_untagged(clients, installation, installation.region))
    found += listed.log_groups(clients, installation, installation.region)
    if installation.tier.warehouse.enabled:
        found += listed.snapshots(clients, installation, installation.region)
    return found


def delete(clients: Clients, item: Kept, progress: Progress) -> str:
    """Delete one thing for ever; returns what remains to be said of it.

    Raises
    ------
    QueryFailed
        AWS refused, or is not done; what was deleted until then is gone, and the same call goes on.
    """
    kind = KINDS[_place(item)]
    return kind.delete(clients, item, progress)


def words(installation: Installation) -> str:
    """What must be typed to delete all data."""
    return f"delete {installation.prefix}"


def _place(item: Kept) -> int:
    return [kind.name for kind in KINDS].index(item.kind)

"""Tables, the stream, the database of the catalog, secrets and the key."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from catalogue.errors import QueryFailed
from console.aws.failures import error_code, translate_errors
from infra_cdk.deploying.clients import Clients
from infra_cdk.deploying.kept.item import HOURS, Kept, Progress, cost, gigabytes, size_text
from infra_cdk.deploying.stacks import belongs, tags_of
from infra_cdk.installation import Installation

KEY_DAYS = 7  # until a key is gone: the fewest that KMS allows; until then the deletion can be taken back
TABLE, STREAM, SECRET, KEY, DATABASE = "table", "stream", "secret", "key", "database"


def tables(clients: Clients, installation: Installation, region: str) -> Iterator[Kept]:
    """DynamoDB tables."""
    client = clients.client("dynamodb", region)
    with translate_errors("DynamoDB", region, action="dynamodb:ListTables"):
        names = [name for page in client.get_paginator("list_tables").paginate() for name in page["TableNames"]]
    for name in names:
        if name.startswith(f"{installation.prefix}-"):
            with translate_errors("DynamoDB", name):
                table = client.describe_table(TableName=name)["Table"]
                tags = client.list_tags_of_resource(ResourceArn=table["TableArn"])["Tags"]
            if belongs(installation, tags):
                size = table.get("TableSizeBytes", 0)
                yield Kept(
                    TABLE, name, region, cost("dynamodb.storage_gigabyte_month", gigabytes(size)), size_text(size)
                )


def streams(clients: Clients, installation: Installation, region: str) -> Iterator[Kept]:
    """Kinesis streams: charged by the hour, whether anything is sent or not."""
    client = clients.client("kinesis", region)
    with translate_errors("Kinesis", region, action="kinesis:ListStreams"):
        names = [name for page in client.get_paginator("list_streams").paginate() for name in page["StreamNames"]]
    for name in names:
        if name.startswith(f"{installation.prefix}-"):
            with translate_errors("Kinesis", name):
                summary = client.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
                tags = client.list_tags_for_stream(StreamName=name)["Tags"]
            if belongs(installation, tags):
                yield _stream(name, region, summary)


def _stream(name: str, region: str, summary: dict[str, object]) -> Kept:
    mode = summary.get("StreamModeDetails")
    if isinstance(mode, dict) and mode.get("StreamMode") == "ON_DEMAND":
        return Kept(
            STREAM, name, region, cost("kinesis.on_demand_stream_hour", HOURS), "on demand, charged by the hour"
        )
    shards = int(str(summary["OpenShardCount"]))
    counted = "1 shard" if shards == 1 else f"{shards} shards"
    return Kept(STREAM, name, region, cost("kinesis.shard_hour", shards * HOURS), f"{counted}, charged by the hour")


def secrets(clients: Clients, installation: Installation, region: str) -> Iterator[Kept]:
    """Secrets that are not deleted."""
    client = clients.client("secretsmanager", region)
    pages = client.get_paginator("list_secrets").paginate(
        Filters=[{"Key": "name", "Values": [f"{installation.prefix}-"]}]
    )
    with translate_errors("Secrets Manager", region, action="secretsmanager:ListSecrets"):
        found = [secret for page in pages for secret in page["SecretList"]]
    for secret in found:
        if (
            secret["Name"].startswith(f"{installation.prefix}-")
            and "DeletedDate" not in secret
            and belongs(installation, secret.get("Tags", ()))
        ):
            yield Kept(SECRET, secret["Name"], region, cost("secrets_manager.secret_month", 1), "a fixed price")


def keys(clients: Clients, installation: Installation, region: str) -> Iterator[Kept]:
    """Customer keys that are not about to be deleted. A key has no name of its own: its tags are what counts."""
    tagging, client = clients.client("resourcegroupstaggingapi", region), clients.client("kms", region)
    filters = [{"Key": key, "Values": [value]} for key, value in tags_of(installation).items()]
    with translate_errors("Resource Groups Tagging", region, action="tag:GetResources"):
        pages = tagging.get_paginator("get_resources").paginate(ResourceTypeFilters=["kms:key"], TagFilters=filters)
        arns = [found["ResourceARN"] for page in pages for found in page["ResourceTagMappingList"]]
    for arn in arns:
        with translate_errors("KMS", arn):
            metadata = client.describe_key(KeyId=arn)["KeyMetadata"]
            tags = client.list_resource_tags(KeyId=arn)["Tags"]
            aliases = [alias["AliasName"] for alias in client.list_aliases(KeyId=arn)["Aliases"]]
        given = [{"Key": tag["TagKey"], "Value": tag["TagValue"]} for tag in tags]
        named = not aliases or any(alias.startswith(f"alias/{installation.prefix}-") for alias in aliases)
        if named and belongs(installation, given) and metadata["KeyState"] != "PendingDeletion":
            name = aliases[0].removeprefix("alias/") if aliases else metadata["KeyId"]
            yield Kept(KEY, name, region, cost("kms.key_month", 1), "a fixed price", metadata["KeyId"])


def databases(clients: Clients, installation: Installation, region: str) -> Iterator[Kept]:
    """The database of the curated tables, which has no tags: its tables must lie in the installation's own lake."""
    client, name = clients.client("glue", region), installation.database
    try:
        with translate_errors("Glue", name, action="glue:GetDatabase"):
            client.get_database(Name=name)
    except QueryFailed as error:
        if error_code(error) == "EntityNotFoundException":
            return
        raise
    with translate_errors("Glue", name, action="glue:GetTables"):
        pages = client.get_paginator("get_tables").paginate(DatabaseName=name)
        places = [
            table.get("StorageDescriptor", {}).get("Location", "") for page in pages for table in page["TableList"]
        ]
    if all(place.startswith(f"s3://{installation.bucket('lake')}/") for place in places):
        yield Kept(DATABASE, name, region, Decimal(0), f"{len(places)} tables of the Glue catalog")


def delete_database(clients: Clients, item: Kept, _progress: Progress) -> str:
    """Delete the database with its tables; their files are the bucket's."""
    with translate_errors("Glue", item.name):
        clients.client("glue", item.region).delete_database(Name=item.name)
    return ""


def delete_table(clients: Clients, item: Kept, _progress: Progress) -> str:
    """Take the protection off and delete the table."""
    client = clients.client("dynamodb", item.region)
    with translate_errors("DynamoDB", item.name):
        client.update_table(TableName=item.name, DeletionProtectionEnabled=False)
        client.get_waiter("table_exists").wait(TableName=item.name)  # an update must end before a deletion
        client.delete_table(TableName=item.name)
    return ""


def delete_stream(clients: Clients, item: Kept, _progress: Progress) -> str:
    """Delete the stream and what reads it by fan-out."""
    with translate_errors("Kinesis", item.name):
        clients.client("kinesis", item.region).delete_stream(StreamName=item.name, EnforceConsumerDeletion=True)
    return ""


def delete_secret(clients: Clients, item: Kept, _progress: Progress) -> str:
    """Delete the secret at once: its name is free for another installation, and it holds digests alone."""
    with translate_errors("Secrets Manager", item.name):
        clients.client("secretsmanager", item.region).delete_secret(SecretId=item.name, ForceDeleteWithoutRecovery=True)
    return ""


def delete_key(clients: Clients, item: Kept, _progress: Progress) -> str:
    """Let the key be deleted, which takes days."""
    with translate_errors("KMS", item.name):
        answer = clients.client("kms", item.region).schedule_key_deletion(
            KeyId=item.identity, PendingWindowInDays=KEY_DAYS
        )
    return (
        f"Key {item.identity} is deleted on {answer['DeletionDate']:%Y-%m-%d}, and costs nothing until then; nobody can"
        f" delete it sooner. `aws kms cancel-key-deletion --region {item.region} --key-id {item.identity}` keeps it."
    )

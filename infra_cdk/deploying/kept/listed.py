"""What services made on the installation's behalf, and no stack knows: listed, with the command that deletes it."""

from __future__ import annotations

from collections.abc import Iterator

from console.aws.failures import translate_errors
from infra_cdk.deploying.clients import Clients
from infra_cdk.deploying.kept.item import Kept, cost, gigabytes, size_text
from infra_cdk.installation import Installation


def log_groups(clients: Clients, installation: Installation, region: str) -> Iterator[Kept]:
    """Log groups with the installation's name that no stack deleted: a service made them anew when it ended."""
    pages = (
        clients.client("logs", region)
        .get_paginator("describe_log_groups")
        .paginate(logGroupNamePattern=f"{installation.prefix}-")
    )
    with translate_errors("CloudWatch Logs", region, action="logs:DescribeLogGroups"):
        found = [group for page in pages for group in page["logGroups"]]
    for group in found:
        name, size = group["logGroupName"], group.get("storedBytes", 0)
        yield Kept(
            "log group",
            name,
            region,
            cost("cloudwatch.logs_stored_gigabyte_month", gigabytes(size)),
            f"{size_text(size)}; `aws logs delete-log-group --region {region} --log-group-name {name}`",
        )


def snapshots(clients: Clients, installation: Installation, region: str) -> Iterator[Kept]:
    """Snapshots of the warehouse: the last one is kept when a namespace goes, if somebody asked for it."""
    pages = clients.client("redshift-serverless", region).get_paginator("list_snapshots").paginate()
    with translate_errors("Redshift Serverless", region, action="redshift-serverless:ListSnapshots"):
        found = [snapshot for page in pages for snapshot in page["snapshots"]]
    for snapshot in found:
        if snapshot.get("namespaceName", "").startswith(installation.prefix):
            name, size = snapshot["snapshotName"], int(snapshot.get("totalBackupSizeInMegaBytes", 0) * 1024**2)
            yield Kept(
                "snapshot",
                name,
                region,
                cost("redshift.managed_storage_gigabyte_month", gigabytes(size)),
                f"{size_text(size)}; `aws redshift-serverless delete-snapshot --region {region}"
                f" --snapshot-name {name}`",
            )

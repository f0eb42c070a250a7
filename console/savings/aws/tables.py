"""DynamoDB tables and the capacity they consumed."""

from __future__ import annotations

from console.savings.aws.metrics import Metrics, series
from console.savings.aws.reading import Account, Collected
from console.savings.facts import CapacityHour, CapacityTable
from console.savings.inventory import Read

_METRICS = ("ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits")


def read(account: Account, metrics: Metrics) -> Read[CapacityTable]:
    """All tables of the region; their secondary indexes are not looked at."""
    dynamodb = account.reader("dynamodb")
    found: Collected[CapacityTable] = Collected()
    for name in dynamodb.items("list_tables", "TableNames"):
        with found.part(f"table {name}"):
            table = dynamodb.call("describe_table", TableName=name)["Table"]
            consumed = series("AWS/DynamoDB", _METRICS, "TableName", name)
            hourly = metrics.hourly(consumed, since=table["CreationDateTime"])
            is_on_demand = table.get("BillingModeSummary", {}).get("BillingMode") == "PAY_PER_REQUEST"
            provisioned = {} if is_on_demand else table.get("ProvisionedThroughput", {})
            found.items.append(
                CapacityTable(
                    name=name,
                    resource=table["TableArn"],
                    is_on_demand=is_on_demand,
                    provisioned_reads=int(provisioned.get("ReadCapacityUnits", 0)),
                    provisioned_writes=int(provisioned.get("WriteCapacityUnits", 0)),
                    hours=tuple(CapacityHour(*values) for values in zip(*hourly, strict=True)),
                )
            )
    return found.read()

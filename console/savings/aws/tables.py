"""DynamoDB tables and the capacity they consumed."""

from __future__ import annotations

from console.savings.aws.metrics import Metric, Metrics
from console.savings.aws.reading import Account, Refused
from console.savings.facts import CapacityHour, CapacityTable
from console.savings.inventory import Read, Unread

ACTIONS = ("dynamodb:ListTables", "dynamodb:DescribeTable")
_METRICS = ("ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits")


def read(account: Account, metrics: Metrics) -> Read[CapacityTable]:
    """All tables of the region; their secondary indexes are not looked at."""
    dynamodb = account.reader("dynamodb")
    found: list[CapacityTable] = []
    missing: list[Unread] = []
    for name in dynamodb.items("list_tables", "TableNames"):
        try:
            table = dynamodb.call("describe_table", TableName=name)["Table"]
            reads, writes = metrics.hourly(
                [Metric("AWS/DynamoDB", metric, {"TableName": name}) for metric in _METRICS],
                since=table["CreationDateTime"],
            )
        except Refused as error:
            missing.append(error.unread(f"table {name}"))
            continue
        is_on_demand = table.get("BillingModeSummary", {}).get("BillingMode") == "PAY_PER_REQUEST"
        provisioned = table.get("ProvisionedThroughput", {})
        found.append(
            CapacityTable(
                name=name,
                resource=table["TableArn"],
                is_on_demand=is_on_demand,
                provisioned_reads=0 if is_on_demand else int(provisioned.get("ReadCapacityUnits", 0)),
                provisioned_writes=0 if is_on_demand else int(provisioned.get("WriteCapacityUnits", 0)),
                hours=tuple(CapacityHour(*each) for each in zip(reads, writes, strict=True)),
            )
        )
    return Read(tuple(found), tuple(missing))

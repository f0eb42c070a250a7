"""Athena's query log: what was scanned, by which tables, and whether a date was named."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice

from console.savings import Read, Unread
from console.savings.aws.reading import Account
from console.savings.facts import AthenaQuery

ACTIONS = ("athena:ListQueryExecutions", "athena:BatchGetQueryExecution")
MOST_QUERIES = 5_000  # newest first
_TOGETHER = 50  # of one BatchGetQueryExecution


def read(account: Account, workgroups: Sequence[str], partitions: Mapping[str, str]) -> Read[AthenaQuery]:
    """Queries of the period.

    Parameters
    ----------
    partitions : partition column by table name
    """
    athena = account.reader("athena")
    found: list[AthenaQuery] = []
    missing: list[Unread] = []
    for workgroup in workgroups:
        listed = athena.items("list_query_executions", "QueryExecutionIds", WorkGroup=workgroup)
        identifiers = list(islice(listed, MOST_QUERIES + 1))
        if len(identifiers) > MOST_QUERIES:
            missing.append(Unread(f"queries of {workgroup} before the newest {MOST_QUERIES:,}", "there are too many"))
        for some in _batches(identifiers[:MOST_QUERIES]):
            executions = athena.call("batch_get_query_execution", QueryExecutionIds=some)["QueryExecutions"]
            for execution in executions:
                if not account.start <= execution["Status"]["SubmissionDateTime"] < account.end:
                    continue
                tables, dated = understood(execution.get("Query", ""), tuple(sorted(partitions.items())))
                found.append(
                    AthenaQuery(
                        query_id=execution["QueryExecutionId"],
                        workgroup=workgroup,
                        bytes_scanned=int(execution.get("Statistics", {}).get("DataScannedInBytes", 0)),
                        tables=tables,
                        has_partition_predicate=dated,
                    )
                )
    return Read(tuple(found), tuple(missing))


def _batches(identifiers: Sequence[str]) -> Iterator[list[str]]:
    for start in range(0, len(identifiers), _TOGETHER):
        yield list(identifiers[start : start + _TOGETHER])


@lru_cache(maxsize=1024)
def understood(sql: str, partitions: tuple[tuple[str, str], ...]) -> tuple[tuple[str, ...], bool | None]:
    """The known tables that a statement reads, and whether every partition column among them stands in a condition.

    None for a statement that cannot be parsed, or that reads no partitioned table.
    """
    from sqlglot import exp, parse_one
    from sqlglot.errors import SqlglotError

    columns = dict(partitions)
    try:
        tree = parse_one(sql, read="trino")
    except SqlglotError:
        return (), None
    if not isinstance(tree, exp.Query):
        return (), None
    tables = tuple(sorted({table.name for table in tree.find_all(exp.Table)} & set(columns)))
    wanted = {columns[table] for table in tables if columns[table]}
    conditions = [
        *tree.find_all(exp.Where),
        *(join.args["on"] for join in tree.find_all(exp.Join) if join.args.get("on")),
    ]
    named = {column.name for condition in conditions for column in condition.find_all(exp.Column)}
    return tables, wanted <= named if wanted else None

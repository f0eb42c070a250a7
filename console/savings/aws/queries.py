"""Athena's query log: what was scanned, by which tables, and whether a date was named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from console.savings.aws.reading import Account, Collected
from console.savings.facts import AthenaQuery
from console.savings.inventory import Read, Unread

MOST_QUERIES = 5_000  # newest first
_TOGETHER = 50  # of one BatchGetQueryExecution


def read(
    account: Account, workgroups: Sequence[str], partitions: Mapping[str, str], database: str
) -> Read[AthenaQuery]:
    """Queries of the period that Athena charged for.

    A failed query is free; one that was stopped is charged for what it had scanned. Source: Athena pricing page.

    Parameters
    ----------
    partitions : partition column by table name, of the tables of `database`
    """
    known = tuple(sorted((name.lower(), column.lower()) for name, column in partitions.items()))
    athena = account.reader("athena")
    found: Collected[AthenaQuery] = Collected()
    for workgroup in workgroups:
        listed = athena.items("list_query_executions", "QueryExecutionIds", WorkGroup=workgroup)
        identifiers = list(islice(listed, MOST_QUERIES + 1))
        if len(identifiers) > MOST_QUERIES:
            before = f"queries of {workgroup} before the newest {MOST_QUERIES:,}"
            found.missing.append(Unread(before, "there are too many"))
        newest = identifiers[:MOST_QUERIES]
        for start in range(0, len(newest), _TOGETHER):
            some = newest[start : start + _TOGETHER]
            for execution in athena.call("batch_get_query_execution", QueryExecutionIds=some)["QueryExecutions"]:
                status = execution["Status"]
                if status["State"] == "FAILED" or not account.start <= status["SubmissionDateTime"] < account.end:
                    continue
                context = execution.get("QueryExecutionContext", {}).get("Database") or database
                reading = understood(execution.get("Query", ""), known, database.lower(), context.lower())
                found.items.append(
                    AthenaQuery(
                        query_id=execution["QueryExecutionId"],
                        workgroup=workgroup,
                        bytes_scanned=int(execution.get("Statistics", {}).get("DataScannedInBytes", 0)),
                        tables=reading.tables,
                        unrestricted=reading.unrestricted,
                        reads_others=reading.reads_others,
                    )
                )
    return found.read()


@dataclass(frozen=True)
class Reading:
    """What a statement reads; the attributes are those of `AthenaQuery`."""

    tables: tuple[str, ...] = ()
    unrestricted: tuple[str, ...] | None = None
    reads_others: bool = False


@lru_cache(maxsize=1024)
def understood(sql: str, partitions: tuple[tuple[str, str], ...], database: str, context: str) -> Reading:
    """The known tables that a statement reads, and which of them without a condition on their partition column.

    Athena knows names by their lower case, quoted or not.

    Parameters
    ----------
    partitions : (table, its partition column, empty where it has none) of `database`; lower case
    context : the database that a table without one is in
    """
    from sqlglot import exp, parse_one
    from sqlglot.errors import SqlglotError

    columns = dict(partitions)
    try:
        tree = parse_one(sql, read="trino")
    except (SqlglotError, RecursionError):
        return Reading()
    if not isinstance(tree, exp.Query):
        return Reading()
    named = {cte.alias.lower() for cte in tree.find_all(exp.CTE)}
    read = {
        (table.db.lower() or context, table.name.lower())
        for table in tree.find_all(exp.Table)
        if table.name and (table.db or table.name.lower() not in named)
    }
    tables = tuple(sorted(name for where, name in read if where == database and name in columns))
    conditions = [
        *tree.find_all(exp.Where),
        *(join.args["on"] for join in tree.find_all(exp.Join) if join.args.get("on")),
    ]
    restricted = {column.name.lower() for condition in conditions for column in condition.find_all(exp.Column)}
    return Reading(
        tables,
        tuple(name for name in tables if columns[name] and columns[name] not in restricted),
        len(read) > len(tables),
    )

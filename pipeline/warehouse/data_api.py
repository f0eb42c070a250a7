"""Statements for Redshift Serverless over its Data API: no driver, no password, no open connection."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from catalogue.errors import LoadFailed, TakingsError, UsageLimitReached
from catalogue.redshift import MOST_STATEMENTS, is_usage_limit
from pipeline.failures import aws_failures

TIMEOUT_SECONDS = 600.0  # of one transaction, well within the 15 minutes of a Lambda; the largest mart copies in one
_PAUSES = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0)  # seconds between two looks; the last one again and again
_SHOWN = 300  # characters of a statement, and of what is said of it, in a message
_ENDED = ("FINISHED", "FAILED", "ABORTED")
_REMEDY = "Check the role of this process, the name of the workgroup and its region; the warehouse keeps what it had."


class Warehouse:
    """One database of a serverless workgroup.

    Parameters
    ----------
    client : ``boto3.client("redshift-data")``; tries throttled calls again itself
    secret : ARN of a secret with a user and a password; empty to sign in as the process's own role
    pause : for tests: sleeps
    """

    def __init__(
        self,
        client: Any,
        workgroup: str,
        database: str,
        *,
        secret: str = "",
        timeout_seconds: float = TIMEOUT_SECONDS,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._where = {"WorkgroupName": workgroup, "Database": database} | ({"SecretArn": secret} if secret else {})
        self._name = f"{workgroup}/{database}"
        self._timeout_seconds = timeout_seconds
        self._pause = pause

    def transact(self, statements: Sequence[str]) -> None:
        """Run statements in one transaction: all of them take effect, or none.

        Raises
        ------
        UsageLimitReached
            The workgroup has reached its usage limit.
        LoadFailed
            A statement failed or took too long, or the Data API did not answer.
        """
        if len(statements) > MOST_STATEMENTS:
            raise LoadFailed(
                f"{len(statements)} statements are more than the {MOST_STATEMENTS} of one transaction", where=self._name
            )
        with self._answering():
            started = self._client.batch_execute_statement(Sqls=list(statements), **self._where)
        self._ended(started["Id"])

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """The rows of a question; raises as `transact`."""
        with self._answering():
            started = self._client.execute_statement(Sql=statement, **self._where)
        self._ended(started["Id"])
        with self._answering():
            pages = self._client.get_paginator("get_statement_result").paginate(Id=started["Id"])
            return [tuple(_value(field) for field in record) for page in pages for record in page["Records"]]

    def _ended(self, statement: str) -> None:
        """Wait until a statement or batch has ended well; one that nobody waits for any more is cancelled."""
        deadline = time.monotonic() + self._timeout_seconds
        looks = 0
        ended = False
        try:
            while True:
                with self._answering():
                    found = self._client.describe_statement(Id=statement)
                ended = found["Status"] in _ENDED
                if ended:
                    break
                if time.monotonic() > deadline:
                    raise LoadFailed(
                        f"The warehouse did not finish within {self._timeout_seconds:,.0f} seconds",
                        where=self._name,
                        remedy="It keeps what it had. Give the workgroup more base capacity.",
                    )
                self._pause(_PAUSES[min(looks, len(_PAUSES) - 1)])
                looks += 1
        finally:
            if not ended:
                with suppress(TakingsError), self._answering():  # a failure is being raised already
                    self._client.cancel_statement(Id=statement)
        if found["Status"] != "FINISHED":
            raise self._failure(found)

    def _failure(self, found: dict[str, Any]) -> TakingsError:
        """The failure of a statement, or of the first one of a batch that failed."""
        failed = next((one for one in found.get("SubStatements", ()) if one.get("Error")), found)
        error = str(failed.get("Error") or found.get("Error") or found["Status"])
        if is_usage_limit(error):
            return UsageLimitReached(
                "Redshift reached its usage limit",
                where=self._name,
                remedy="The warehouse keeps what it had; Athena answers meanwhile.",
            )
        asked = str(failed.get("QueryString", ""))[:_SHOWN] or "the statement"
        return LoadFailed(
            f"Redshift refused {asked}: {' '.join(error.split())[:_SHOWN].rstrip('.')}",
            where=self._name,
            remedy="The warehouse keeps what it had. Correct the cause, then load again.",
        )

    def _answering(self) -> Any:
        return aws_failures("Redshift's Data API cannot be asked", where=self._name, remedy=_REMEDY, error=LoadFailed)


def _value(field: dict[str, Any]) -> Any:
    """The one member of a field; None for null."""
    return None if field.get("isNull") else next(value for key, value in field.items() if key != "isNull")

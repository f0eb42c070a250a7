"""``spend import``, ``spend snapshot``, ``spend status``: bills into the lake, and an account of every charge."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from catalogue.command_line import group, progress_bars
from console.asking import formatting as text
from console.cli import options, output
from console.cli.options import Format, Lake
from console.finops.charges import Basis
from console.spend.summary_command import summary

if TYPE_CHECKING:
    from console.finops.billing.cur import CurFile
    from console.finops.billing.focus import FocusFile
    from pipeline.spend import SpendImport

_EXAMPLES = """\b
examples:
  python -m console spend import september.csv.gz
  python -m console spend import export-00001.parquet export-00002.parquet
  python -m console spend snapshot --tag team
  python -m console spend status
"""
COLUMNS = (
    "period", "provider", "account", "source", "charges", "currency", "billed", "effective", "list", "contracted",
    "counts",
)  # fmt: skip


spend = group(help="Bring bills into the lake, and account for them.", epilog=_EXAMPLES)
spend.command()(summary)


@spend.command("import")
def bring(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="CSV, gzipped CSV, Parquet, or a folder")],
    form: Annotated[
        Literal["focus", "cur"] | None, typer.Option("--format", help="default: what the columns say")
    ] = None,
    lake: Lake = None,
) -> int:
    """Bring FOCUS (1.0 to 1.3) or legacy CUR files into the lake, all or nothing.

    All files of one call are one import: each bill (provider, billing account, billing period) among them takes the
    place of the one that was there.
    """
    from console.finops.billing.formats import files_of, open_bill

    stored = options.profile(context, lake).stored_spend()
    paths = files_of(files)
    with progress_bars() as progress:
        bars = _Bars(progress)
        bills = [open_bill(path, form, bars.file(path)) for path in paths]
        for name in sorted({bill.name for bill in bills}):
            mine = [bill for bill in bills if bill.name == name]
            started = time.perf_counter()
            report = stored.bring(name, mine, bars.curating)
            bars.stop()
            _report(report, mine, time.perf_counter() - started)
    return _holds(stored)


@spend.command()
def snapshot(
    context: typer.Context,
    months: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="bills to ask for, 1 to 13 (default: the last 2 and all since the last snapshot; first time 13)",
        ),
    ] = None,
    tag: Annotated[str | None, typer.Option(metavar="KEY", help="a cost allocation tag to split costs by")] = None,
    again: Annotated[bool, typer.Option("--again", help="ask although today's snapshot was taken")] = False,
    lake: Lake = None,
) -> int:
    """Ask AWS Cost Explorer, once a day.

    Asks for the last two bills and all since the last snapshot (thirteen the first time) and keeps the answer in the
    lake. Every request costs money; a second call on the same UTC day asks nothing.
    """
    from catalogue.errors import SettingsError
    from console.finops.billing.cost_explorer import FIRST_MONTHS, NAME, months_since

    if months is not None and not 1 <= months <= FIRST_MONTHS:
        raise SettingsError(
            f"{months} bills cannot be asked for", where="--months", remedy=f"Give 1 to {FIRST_MONTHS}."
        )
    profile = options.profile(context, lake)
    stored = profile.stored_spend()
    now = datetime.now(UTC)
    last = stored.snapshot(NAME)
    if last is not None and stored.was_taken_on(NAME, now.date()) and not again:
        typer.echo(
            f"Today's snapshot was taken at {last.taken_at:%H:%M} UTC; nothing was asked. --again asks once more."
        )
        return 0
    source, client = profile.cost_explorer(
        today=now.date(),
        months=months or months_since(last.day if last else None, now.date()),
        tag=tag,
    )
    with progress_bars() as progress:
        report = stored.keep_snapshot(source, now, lambda: (client.calls, client.dollars), _Bars(progress).curating)
    dollars = "an unknown price" if client.dollars is None else f"${client.dollars:f}"
    typer.echo(
        f"Cost Explorer: {text.counted(report.rows, 'charge')} read = {report.rows:,} kept,"
        f" by {text.counted(client.calls, 'request')} for {dollars}."
    )
    _report_bills(report)
    for note in source.notes:
        typer.echo(f"  {note}.")
    return _holds(stored)


@spend.command()
def status(context: typer.Context, form: Format = "table", lake: Lake = None) -> int:
    """List every bill, which one counts, and whether the charges conserve."""
    account = options.profile(context, lake).stored_spend().account()
    rows: list[dict[str, Any]] = []
    for bill in account.bills:
        for currency in sorted({currency for currency, _ in bill.sums}) or [""]:
            costs = {basis.value: bill.sums.get((currency, basis.column)) for basis in Basis}
            rows.append(
                {
                    "period": bill.bill.period[:7],
                    "provider": bill.provider_name,
                    "account": bill.bill.account,
                    "source": bill.bill.source,
                    "charges": bill.rows,
                    "currency": currency,
                    **costs,
                    "counts": "yes" if bill.counts else "no: a better source has this period",
                }
            )
    output.show(rows, COLUMNS, form, under="bills")
    beside = sys.stderr if form != "table" else sys.stdout
    beside.write(_account_line(account) + "\n")
    return 0 if account.holds or account.waiting else 1


def _holds(stored: Any) -> int:
    """Whether what was read is what is shown, counted from the files; the exit code."""
    account = stored.account()
    typer.echo(_account_line(account))
    return 0 if account.holds else 1


def _account_line(account: Any) -> str:
    if account.waiting:
        return f"{text.counted(account.waiting, 'raw file')} not curated yet: run `python -m pipeline curate`."
    rows, sums = account.counted
    costs = "; ".join(_costs(sums, currency) for currency in sorted({currency for currency, _ in sums}))
    if account.holds:
        verb = "counts" if rows == 1 else "count"
        return (
            f"In the lake {text.counted(rows, 'charge')} {verb}: {costs or 'no cost'}. What was read is what is shown."
        )
    return (
        f"Charges are lost or doubled: {rows:,} count, {account.charges:,} are shown."
        " Run `python -m pipeline curate --full`; report it if it stays."
    )


def _report(report: SpendImport, bills: Sequence[FocusFile | CurFile], seconds: float) -> None:
    what = f"FOCUS {bills[0].version}" if bills[0].name == "focus" else "CUR"  # type: ignore[union-attr]
    names = ", ".join(bill.path.name for bill in bills[:3]) + (f" and {len(bills) - 3} more" if len(bills) > 3 else "")
    rate = report.rows / seconds if seconds > 0 else 0
    typer.echo(
        f"{names}: {what}, {text.counted(report.rows, 'charge')} read = {report.rows:,} kept + 0 refused"
        f" ({seconds:.1f} s with curation, {text.count(rate)} charges/s)"
    )
    for currency in sorted({currency for currency, _ in report.sums}):
        typer.echo(f"  {_costs(report.sums, currency)}")
    _report_bills(report)
    for column in sorted({name for bill in bills for name in bill.rounding.cells}):
        cells = sum(bill.rounding.cells.get(column, 0) for bill in bills)
        lost = sum((bill.rounding.lost.get(column, Decimal(0)) for bill in bills), Decimal(0))
        typer.echo(
            f"  {column}: {cells:,} values with more than 12 fractional digits were rounded, together by {lost:.3e}"
        )


def _report_bills(report: SpendImport) -> None:
    for kept in report.bills:
        said = "new" if kept.replaced is None else f"in place of {kept.replaced:,}" if kept.changed else "as before"
        typer.echo(f"  {kept.bill}: {text.counted(kept.rows, 'charge')}, {said}")


def _costs(sums: Mapping[tuple[str, str], Decimal], currency: str) -> str:
    parts = [f"{basis.value} {sums[currency, basis.column]:,f}" for basis in Basis if (currency, basis.column) in sums]
    return f"{currency} " + ", ".join(parts)


class _Bars:
    """Bars of bytes read and of curation; nothing where stderr is no terminal."""

    def __init__(self, bars: Any) -> None:
        self._bars = bars
        self._curation: Any = None

    def file(self, path: Path) -> Callable[[int, int], None] | None:
        if self._bars is None:
            return None
        task = self._bars.add_task(path.name, total=None)
        return lambda done, total: self._bars.update(task, completed=done, total=total)

    def curating(self, step: str, share: float) -> None:
        if self._bars is None:
            return
        if self._curation is None:
            self._curation = self._bars.add_task(step, total=100)
        self._bars.update(self._curation, description=step, completed=100 * share)

    def stop(self) -> None:
        if self._bars is not None:
            self._bars.stop()

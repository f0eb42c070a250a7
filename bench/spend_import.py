"""How fast a bill becomes charges in the lake: a made year of FOCUS rows, as Parquet and as CSV."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.options import Options, Record, peak_memory_mib, record

ROWS = 1_000_000
_DAYS = 365


def measure(options: Options) -> Iterator[Record]:
    """Rows a second of the import alone and with curation, and peak memory, of each format."""
    with tempfile.TemporaryDirectory(dir=options.folder if options.folder.exists() else None) as folder:
        for suffix in ("parquet", "csv"):
            path = made(Path(folder) / f"bill.{suffix}", ROWS)
            # a process of its own: what others used does not count as its peak
            child = [sys.executable, "-m", "bench.spend_import", str(path), str(Path(folder) / f"lake-{suffix}")]
            done = subprocess.run(child, capture_output=True, text=True, check=True)
            found = json.loads(done.stdout)
            yield record(
                "spend.import_rows_per_second", ROWS / found["import"], "rows/s", rows=ROWS, file=suffix, **found
            )
            yield record(
                "spend.with_curation", ROWS / (found["import"] + found["curate"]), "rows/s", rows=ROWS, file=suffix
            )
            yield record("spend.memory_peak", found["peak_mib"], "MiB", rows=ROWS, file=suffix)
            path.unlink()


def made(path: Path, rows: int) -> Path:
    """A year of one payer's FOCUS charges, month after month: 20 accounts, 400 SKUs, 2,000 resources."""
    import duckdb

    with duckdb.connect(":memory:") as connection:
        connection.execute("set enable_progress_bar = false")
        select = f"""
            with numbered as (
                select i, (i * 2654435761) % 4294967296 as h,
                    date '2025-11-01' + cast(i * {_DAYS} // {rows} as integer) as day
                from range({rows}) as numbers(i)
            )
            select null::varchar as AvailabilityZone, cost as BilledCost, '210000000009' as BillingAccountId,
                'Shop' as BillingAccountName, 'USD' as BillingCurrency,
                strftime(date_trunc('month', day) + interval 1 month, '%Y-%m-%d 00:00:00') as BillingPeriodEnd,
                strftime(date_trunc('month', day), '%Y-%m-%d 00:00:00') as BillingPeriodStart,
                'Usage' as ChargeCategory, null::varchar as ChargeClass,
                '$0.' || h % 40 || ' per unit of sku ' || h % 400 as ChargeDescription,
                'Usage-Based' as ChargeFrequency,
                strftime(day + to_hours(cast(1 + h % 23 as integer)), '%Y-%m-%d %H:00:00') as ChargePeriodEnd,
                strftime(day + to_hours(cast(h % 23 as integer)), '%Y-%m-%d %H:00:00') as ChargePeriodStart,
                null::varchar as CommitmentDiscountCategory, null::varchar as CommitmentDiscountId,
                null::varchar as CommitmentDiscountName, null::varchar as CommitmentDiscountStatus,
                null::varchar as CommitmentDiscountType, quantity as ConsumedQuantity, 'Requests' as ConsumedUnit,
                cost as ContractedCost, price as ContractedUnitPrice, cost as EffectiveCost,
                'Amazon Web Services, Inc.' as InvoiceIssuerName, cost as ListCost, price as ListUnitPrice,
                'Standard' as PricingCategory, quantity as PricingQuantity, 'Requests' as PricingUnit,
                'AWS' as ProviderName, 'Amazon Web Services, Inc.' as PublisherName, 'us-east-1' as RegionId,
                'US East (N. Virginia)' as RegionName, 'arn:aws:sqs:us-east-1:1:queue-' || h % 2000 as ResourceId,
                'queue-' || h % 2000 as ResourceName, 'queue' as ResourceType, 'Integration' as ServiceCategory,
                'Service ' || h % 40 as ServiceName, 'SKU' || h % 400 as SkuId, 'SKU' || h % 400 || '.A' as SkuPriceId,
                '2100000000' || h % 20 as SubAccountId, 'account ' || h % 20 as SubAccountName,
                case when h % 5 > 0
                    then '{{"application": "app' || h % 30 || '", "team": "team' || h % 12 || '"}}' end as Tags
            from (select *, cast(h % 100000 as decimal(12, 0)) * 0.0000123456 as cost, 0.0000123456 as price,
                cast(h % 1000 as decimal(12, 6)) as quantity from numbered) as priced
        """  # noqa: S608 - numbers of our own
        form = "format parquet, compression zstd" if path.suffix == ".parquet" else "format csv, header, nullstr 'NULL'"
        connection.execute(f"copy ({select}) to '{path}' ({form})")
    return path


def run(path: Path, root: Path) -> Record:
    """Import one file into a new lake; seconds of wall clock and of processor for each part, and peak memory."""
    from console.finops.billing.focus import FocusFile
    from console.finops.billing.stored_spend import ahead
    from pipeline.curate import curate
    from pipeline.lake import Lake
    from pipeline.spend import import_charges

    lake = Lake.create(root)
    started, used = time.perf_counter(), time.process_time()
    import_charges(lake, "focus", ahead(FocusFile(path).charges()))
    imported, import_used = time.perf_counter(), time.process_time()
    curate(lake)
    return {
        "import": imported - started,
        "import_processor": import_used - used,
        "curate": time.perf_counter() - imported,
        "curate_processor": time.process_time() - import_used,
        "peak_mib": peak_memory_mib(),
    }


if __name__ == "__main__":
    print(json.dumps(run(Path(sys.argv[1]), Path(sys.argv[2]))))

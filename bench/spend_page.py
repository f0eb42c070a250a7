"""The Spend page on a bill of many charge rows: script runs through `AppTest`, first view, again, and memory.

The lake is made once per size with DuckDB: a company of 20 accounts, 40 services and some six thousand resources over
396 days, four of five resources tagged with four keys, a savings plan, tax, support and credits. The curated tables are
written by curation's own SQL, so that the marts are what an import makes of the same rows.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from bench.options import END, Options, Record, peak_memory_mib, percentile, record
from catalogue.binding import bind
from catalogue.queries import load_curation
from catalogue.tables import TABLES
from pipeline.lake import CURATED, STATE, Lake

ROOT = Path(__file__).resolve().parent.parent
CHARGES = 5_000_000
DAYS = 396
TYPES = 2  # usage types of a resource
AGAIN = 5
VIEWS: tuple[dict[str, list[str]], ...] = (
    {},
    {"period": ["7d"]},
    {"period": ["90d"], "compare": ["previous", "year"]},
    {"period": ["12m"]},
    {"period": ["month"], "basis": ["billed"]},
    {"period": ["28d"], "by": ["account"]},
    {"period": ["28d"], "by": ["cloud_region"], "basis": ["list"]},
    {"period": ["28d"], "by": ["tag:team"]},
    {"period": ["28d"], "by": ["usage_type"], "service": ["Service 0"], "drill": ["service"]},
    {"period": ["all"]},
)
DRILLED: tuple[dict[str, list[str]], ...] = (
    {"by": ["resource"], "service": ["Service 0"], "drill": ["service"]},
    {"by": ["service"], "tag_key": ["team"], "tag_value": ["team 3"], "drill": ["tag"]},
    {"period": ["90d"], "by": ["usage_type"], "tag_key": ["team"], "tag_value": ["team 3"], "drill": ["tag"]},
)


def measure(options: Options) -> Iterator[Record]:
    """p95 of first and repeated views, of views drilled down to charges, and the process's peak memory."""
    root = lake(options.folder / f"bill-{CHARGES}", CHARGES)
    environment = os.environ | {"TAKINGS_LAKE": str(root)}
    command = [sys.executable, "-m", "bench.spend_page"]
    output = subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True).stdout
    yield from (json.loads(line) for line in output.splitlines())


def lake(root: Path, charges: int) -> Path:
    """A lake with a bill of about so many charge rows, made once."""
    made = Lake.create(root)
    if (made.root / STATE).exists():
        return root
    resources = charges // (DAYS * TYPES)
    with duckdb.connect(":memory:", config={"memory_limit": "4GB"}) as connection:
        connection.execute(_BILL.format(resources=resources, types=TYPES, days=DAYS, end=END.isoformat()))
        columns = ", ".join(TABLES["spend"].columns)
        _write(connection, made.root / CURATED, "spend", f"select {columns} from scoped_spend")  # noqa: S608 - our own
        for name, query in load_curation().items():
            if "scoped_spend" in query.tables:
                _write(connection, made.root / CURATED, name, bind(query, {}, dialect="duckdb").sql)
    state = {
        "version": 1,
        "data_as_of": datetime(END.year, END.month, END.day, tzinfo=UTC).isoformat(),
        "raw_files": [],
    }
    (made.root / STATE).parent.mkdir(parents=True, exist_ok=True)
    (made.root / STATE).write_text(json.dumps(state), encoding="utf-8")
    return root


def _write(connection: duckdb.DuckDBPyConnection, folder: Path, name: str, sql: str) -> None:
    """One curated table as the lake keeps it: sorted, by partition where the table has one."""
    table, folder = TABLES[name], folder / name
    folder.mkdir(parents=True, exist_ok=True)
    ordered = (
        f"select * from ({sql}) order by {', '.join(([table.partition] if table.partition else []) + [*table.sort])}"  # noqa: S608 - our own names
    )
    if table.partition is None:
        connection.execute(f"copy ({ordered}) to '{folder / 'data.parquet'}' (format parquet, compression zstd)")
        return
    connection.execute(
        f"copy ({ordered}) to '{folder}' (format parquet, compression zstd, partition_by ({table.partition}), "
        "filename_pattern 'data', overwrite_or_ignore)"
    )
    for written in folder.rglob("*.parquet"):
        written.rename(written.with_name("data.parquet"))


# hash() stands for chance, so that two runs make the same bill; squares and cubes make few values frequent
_BILL = """
create macro chance(name, number) as (hash(name || number) % 1000000) / 1e6;
create table resources as
select
    number,
    'Service ' || cast(floor(40 * pow(chance('service', number), 4)) as int) as service_name,
    cast(210000000000 + floor(20 * pow(chance('account', number), 5)) as varchar) as sub_account_id,
    ['us-east-1', 'eu-west-1', 'us-west-2', 'ap-southeast-2', 'eu-central-1', 'sa-east-1'][
        1 + cast(floor(6 * pow(chance('region', number), 7)) as int)
    ] as region_id,
    case when chance('tagged', number) < 0.8 then
        '{{"team": "team ' || cast(floor(12 * chance('team', number)) as int)
        || '", "environment": "' || ['prod', 'test', 'dev'][1 + cast(floor(3 * pow(chance('env', number), 2)) as int)]
        || '", "application": "app ' || cast(floor(40 * pow(chance('app', number), 4)) as int)
        || '", "cost-center": "' || cast(100 + floor(8 * chance('center', number)) as int) || '"}}'
    end as tags,
    cast(floor(5 * pow(chance('type', number), 2)) as int) as first_type,
    pow(chance('size', number), 6) * 40 as size
from range({resources}) as made (number);

create table scoped_spend as
select
    cast(quantity * price * (1 - discount) as decimal(38, 12)) as effective_cost,
    cast(case when discount > 0 then 0 else quantity * price end as decimal(38, 12)) as billed_cost,
    cast(quantity * price as decimal(38, 12)) as list_cost,
    cast(quantity * price as decimal(38, 12)) as contracted_cost,
    'USD' as billing_currency, '210000000000' as billing_account_id, 'Bench' as billing_account_name,
    cast(date_trunc('month', day) as timestamp) as billing_period_start,
    cast(date_trunc('month', day) + interval 1 month as timestamp) as billing_period_end,
    cast(day as timestamp) as charge_period_start, cast(day + interval 1 day as timestamp) as charge_period_end,
    'Usage' as charge_category, cast(null as varchar) as charge_class, 'Usage-Based' as charge_frequency,
    cast(null as varchar) as charge_description, 'AWS' as provider_name, 'AWS' as publisher_name,
    'AWS' as invoice_issuer_name, 'Compute' as service_category, service_name,
    usage_type as sku_id, cast(null as varchar) as sku_price_id, usage_type, cast(null as varchar) as operation,
    sub_account_id, 'account ' || right(sub_account_id, 2) as sub_account_name, region_id, region_id as region_name,
    cast(null as varchar) as availability_zone,
    'arn:aws:bench:' || region_id || ':' || sub_account_id || ':thing/' || number as resource_id,
    'thing ' || number as resource_name, 'thing' as resource_type,
    case when discount > 0 then 'Committed' else 'Standard' end as pricing_category,
    cast(quantity as decimal(38, 12)) as pricing_quantity, 'Hours' as pricing_unit,
    cast(price as decimal(38, 12)) as list_unit_price, cast(price as decimal(38, 12)) as contracted_unit_price,
    cast(quantity as decimal(38, 12)) as consumed_quantity, 'Hours' as consumed_unit,
    case when discount > 0 then 'plan-1' end as commitment_discount_id,
    case when discount > 0 then 'Plan' end as commitment_discount_name,
    case when discount > 0 then 'Spend' end as commitment_discount_category,
    case when discount > 0 then 'Savings Plan' end as commitment_discount_type,
    case when discount > 0 then 'Used' end as commitment_discount_status,
    tags, day > date '{end}' - 3 as estimated, 'focus' as source, day as charge_date
from (
    select
        resources.*, date '{end}' - cast(offsets.day_number as int) as day,
        service_name || ' usage ' || first_type + types.type_number as usage_type,
        24.0 * (0.8 + 0.4 * chance('q', number * 1000 + offsets.day_number)) as quantity,
        round(size / 24, 6) as price,
        case when chance('plan', number) < 0.2 then 0.28 else 0 end as discount
    from resources
    cross join range({days}) as offsets (day_number)
    cross join range({types}) as types (type_number)
) as daily;

insert into scoped_spend by name
select
    charged.charge_category, charged.cost as billed_cost, charged.cost as effective_cost, 'USD' as billing_currency,
    charged.charge_category as service_name, charged.charge_category as usage_type, '210000000000' as sub_account_id,
    'AWS' as provider_name, false as estimated, 'focus' as source, days.day as charge_date
from (values ('Tax', 60.0), ('Credit', -50.0), ('Purchase', 40.0)) as charged (charge_category, cost)
cross join (select distinct charge_date as day from scoped_spend) as days;
"""


def _run() -> Iterator[Record]:
    """Measured inside the process that holds the lake."""
    from streamlit.testing.v1 import AppTest

    from console import wiring
    from console.kit import gc_tuning

    started = time.perf_counter()
    charges = wiring.viewer().ask("spend/days").rows()[0]["charges"]
    yield record("spend.lake_open", (time.perf_counter() - started) * 1000, "ms", charges=charges)

    def view(query: dict[str, list[str]]) -> tuple[float, list[float], float]:
        page = AppTest.from_file(str(ROOT / "pages" / "spend.py"), default_timeout=60)
        for key, values in query.items():
            page.query_params[key] = values
        wiring.viewer().cache.clear()
        started, processed = time.perf_counter(), time.process_time()
        page.run()
        first, work = (time.perf_counter() - started) * 1000, (time.process_time() - processed) * 1000
        assert not page.exception, (query, page.exception)
        repeated = []
        for _ in range(AGAIN):
            started = time.perf_counter()
            page.run()
            repeated.append((time.perf_counter() - started) * 1000)
        return first, repeated, work

    view({"warm": ["up"]})  # the very first run imports pandas and the rest: that is start-up
    gc_tuning.tune_garbage_collector()  # as the server does then
    for name, queries in (("first", VIEWS), ("drilled", DRILLED)):
        measured = [view(query) for query in queries]
        for query, (first, _, work) in zip(queries, measured, strict=True):
            print(json.dumps(record("spend.view", first, "ms", processor_ms=round(work), view=query)), file=sys.stderr)
        yield record(
            f"page.spend.{name}_p95",
            percentile([measured_record for measured_record, _, _ in measured], 0.95),
            "ms",
            charges=charges,
        )
        yield record(
            f"page.spend.{name}_median",
            percentile([measured_record for measured_record, _, _ in measured], 0.5),
            "ms",
            charges=charges,
        )
        # on a machine that does other things besides, the processor's time says more than the clock
        work = percentile([measured_record for _, _, measured_record in measured], 0.95)
        yield record(f"page.spend.{name}_processor_p95", work, "ms", charges=charges)
        if name == "first":
            again = [item for _, repeated, _ in measured for item in repeated]
            yield record("page.spend.again_p95", percentile(again, 0.95), "ms", charges=charges)
    yield record("page.spend.memory_peak", peak_memory_mib(), "MiB", charges=charges)


if __name__ == "__main__":
    for measured_record in _run():
        print(json.dumps(measured_record), flush=True)

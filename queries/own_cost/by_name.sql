-- title:   What this console's own questions cost, by question
-- grain:   one row per kind, name, engine
-- source:  lake
-- param:   start_date date  First day, included
-- param:   end_date   date  Day after the last one, not included
select
    kind, name, engine,
    count(*) as calls,
    cast(sum(case when cached then 1 else 0 end) as bigint) as cached_calls,
    cast(sum(case when dollars is null then 1 else 0 end) as bigint) as unpriced_calls,
    cast(coalesce(sum(bytes_scanned), 0) as bigint) as bytes_scanned,
    cast(coalesce(sum(dollars), 0) as decimal(38, 12)) as dollars,
    cast(coalesce(sum(dollars_saved), 0) as decimal(38, 12)) as dollars_saved,
    coalesce(sum(elapsed_seconds), 0) as elapsed_seconds,
    max(called_at) as last_called_at
from console_calls
where call_date >= :start_date and call_date < :end_date
group by kind, name, engine
order by dollars desc, calls desc, kind, name, engine

-- title:   What this console's own questions cost, by viewer
-- grain:   one row per viewer
-- source:  lake
-- note:    Empty for what was asked outside a browser.
-- param:   start_date date  First day, included
-- param:   end_date   date  Day after the last one, not included
select
    viewer,
    count(*) as calls,
    cast(sum(case when cached then 1 else 0 end) as bigint) as cached_calls,
    cast(sum(case when dollars is null then 1 else 0 end) as bigint) as unpriced_calls,
    cast(coalesce(sum(bytes_scanned), 0) as bigint) as bytes_scanned,
    cast(coalesce(sum(dollars), 0) as decimal(38, 12)) as dollars,
    cast(coalesce(sum(dollars_saved), 0) as decimal(38, 12)) as dollars_saved,
    coalesce(sum(elapsed_seconds), 0) as elapsed_seconds
from console_calls
where call_date >= :start_date and call_date < :end_date
group by viewer
order by dollars desc, calls desc, viewer

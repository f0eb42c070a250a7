-- title:   What this console's own questions cost, by asker
-- grain:   one row per asker
-- source:  lake
-- question: by_page where asker = page
-- question: by_viewer where asker = viewer
-- note:    Empty for what was asked outside a browser.
--          A closed day is read as it was added up; single calls count where their day is not closed.
-- param:   start_date date  First day, included
-- param:   end_date   date  Day after the last one, not included
with added_up as (
    select
        call_date, 1 as is_closed, asker, calls, cached_calls, unpriced_calls, bytes_scanned, dollars, dollars_saved,
        elapsed_microseconds
    from daily_page_calls
    where call_date >= :start_date and call_date < :end_date
    union all
    select
        call_date, 0 as is_closed, asker,
        count(*) as calls,
        cast(sum(case when cached then 1 else 0 end) as bigint) as cached_calls,
        cast(sum(case when dollars is null then 1 else 0 end) as bigint) as unpriced_calls,
        cast(coalesce(sum(bytes_scanned), 0) as bigint) as bytes_scanned,
        cast(coalesce(sum(dollars), 0) as decimal(38, 12)) as dollars,
        cast(coalesce(sum(dollars_saved), 0) as decimal(38, 12)) as dollars_saved,
        cast(sum(cast(round(elapsed_seconds * 1000000) as bigint)) as bigint) as elapsed_microseconds
    from console_calls
    where call_date >= :start_date and call_date < :end_date
    group by call_date, asker
), days as (
    -- for an hour both tables hold a day: all of it is read from the closed one, or nothing
    select *, max(is_closed) over (partition by call_date) as day_is_closed
    from added_up
)
select
    asker,
    cast(sum(calls) as bigint) as calls,
    cast(sum(cached_calls) as bigint) as cached_calls,
    cast(sum(unpriced_calls) as bigint) as unpriced_calls,
    cast(sum(bytes_scanned) as bigint) as bytes_scanned,
    cast(sum(dollars) as decimal(38, 12)) as dollars,
    cast(sum(dollars_saved) as decimal(38, 12)) as dollars_saved,
    cast(sum(elapsed_microseconds) as double) / 1000000 as elapsed_seconds
from days
where is_closed = day_is_closed
group by asker
order by dollars desc, calls desc, asker

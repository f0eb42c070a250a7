-- title:   The console's own calls, added up by day and kind, and by name and engine, or by page and viewer
-- question: question_calls where subject = name, detail = engine, daily_calls = daily_question_calls
-- question: page_calls where subject = page, detail = viewer, daily_calls = daily_page_calls
-- param:   start_date date  First day, included
-- param:   end_date   date  Day after the last one, not included
with added_up as (
    select
        call_date, 1 as is_closed, kind, subject, detail, calls, cached_calls, unpriced_calls, bytes_scanned, dollars,
        dollars_saved, elapsed_microseconds
    from daily_calls
    where call_date >= :start_date and call_date < :end_date
    union all
    select
        call_date, 0 as is_closed, kind, subject, detail,
        count(*) as calls,
        cast(sum(case when cached then 1 else 0 end) as bigint) as cached_calls,
        cast(sum(case when dollars is null then 1 else 0 end) as bigint) as unpriced_calls,
        cast(coalesce(sum(bytes_scanned), 0) as bigint) as bytes_scanned,
        cast(coalesce(sum(dollars), 0) as decimal(38, 12)) as dollars,
        cast(coalesce(sum(dollars_saved), 0) as decimal(38, 12)) as dollars_saved,
        cast(sum(cast(round(elapsed_seconds * 1000000) as bigint)) as bigint) as elapsed_microseconds
    from console_calls
    where call_date >= :start_date and call_date < :end_date
    group by call_date, kind, subject, detail
), days as (
    -- for an hour both tables hold a day: all of it is read from the closed one, or nothing
    select *, max(is_closed) over (partition by call_date) as day_is_closed
    from added_up
)
select *
from days
where is_closed = day_is_closed

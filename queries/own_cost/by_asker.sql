-- title:   What this console's own questions cost, by asker
-- grain:   one row per asker
-- source:  lake
-- question: by_page where asker = page
-- question: by_viewer where asker = viewer
-- note:    Empty for what was asked outside a browser.
--          A closed day is read as it was added up; single calls count where their day is not closed.
select
    asker,
    cast(sum(calls) as bigint) as calls,
    cast(sum(cached_calls) as bigint) as cached_calls,
    cast(sum(unpriced_calls) as bigint) as unpriced_calls,
    cast(sum(bytes_scanned) as bigint) as bytes_scanned,
    cast(sum(dollars) as decimal(38, 12)) as dollars,
    cast(sum(dollars_saved) as decimal(38, 12)) as dollars_saved,
    cast(sum(elapsed_microseconds) as double) / 1000000 as elapsed_seconds
from page_calls
group by asker
order by dollars desc, calls desc, asker

-- title:   What this console's own questions cost, by question
-- grain:   one row per kind, name, engine
-- source:  lake
-- note:    A closed day is read as it was added up; single calls count where their day is not closed.
select
    kind, name, engine,
    cast(sum(calls) as bigint) as calls,
    cast(sum(cached_calls) as bigint) as cached_calls,
    cast(sum(unpriced_calls) as bigint) as unpriced_calls,
    cast(sum(bytes_scanned) as bigint) as bytes_scanned,
    cast(sum(dollars) as decimal(38, 12)) as dollars,
    cast(sum(dollars_saved) as decimal(38, 12)) as dollars_saved,
    cast(sum(elapsed_microseconds) as double) / 1000000 as elapsed_seconds
from question_calls
group by kind, name, engine
order by dollars desc, calls desc, kind, name, engine

-- title:   What this console's own questions cost, by day
-- grain:   one row per call_date, kind
-- source:  lake
-- term:    Own cost = what the questions of this console cost: bytes scanned by queries, those that were stopped too;
--          requests to Cost Explorer and to CloudWatch, and those that read what the account holds; recommendations
--          served. An answer from the cache costs nothing.
-- term:    Saved by the cache = what a cached answer cost when it was asked for.
-- note:    Days are UTC. Calls whose price is unknown are counted apart and are in no sum.
--          A closed day is read as it was added up; single calls count where their day is not closed.
select
    call_date, kind,
    cast(sum(calls) as bigint) as calls,
    cast(sum(cached_calls) as bigint) as cached_calls,
    cast(sum(unpriced_calls) as bigint) as unpriced_calls,
    cast(sum(bytes_scanned) as bigint) as bytes_scanned,
    cast(sum(dollars) as decimal(38, 12)) as dollars,
    cast(sum(dollars_saved) as decimal(38, 12)) as dollars_saved
from question_calls
group by call_date, kind
order by call_date, kind

-- title:   What this console's own questions cost, by day
-- grain:   one row per call_date, kind
-- source:  lake
-- term:    Own cost = what the questions of this console cost: bytes scanned by queries, requests to Cost Explorer and
--          to CloudWatch, recommendations served. An answer from the cache costs nothing.
-- term:    Saved by the cache = what a cached answer cost when it was asked for.
-- note:    Days are UTC. Calls whose price is unknown are counted apart and are in no sum.
-- param:   start_date date  First day, included
-- param:   end_date   date  Day after the last one, not included
select
    call_date, kind,
    count(*) as calls,
    cast(sum(case when cached then 1 else 0 end) as bigint) as cached_calls,
    cast(sum(case when dollars is null then 1 else 0 end) as bigint) as unpriced_calls,
    cast(coalesce(sum(bytes_scanned), 0) as bigint) as bytes_scanned,
    cast(coalesce(sum(dollars), 0) as decimal(38, 12)) as dollars,
    cast(coalesce(sum(dollars_saved), 0) as decimal(38, 12)) as dollars_saved
from console_calls
where call_date >= :start_date and call_date < :end_date
group by call_date, kind
order by call_date, kind

-- title:   Events by hour
-- grain:   one row per hour
-- source:  lake
-- param:   start_date date  First day, included
-- param:   end_date   date  Day after the last one, not included
select date_trunc('hour', occurred_at) as hour, count(*) as events
from events
where event_date >= :start_date
    and event_date < :end_date
group by 1
order by hour

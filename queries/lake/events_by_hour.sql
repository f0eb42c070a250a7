-- title:   Events by hour
-- grain:   one row per hour
-- source:  lake
-- param:   start_date date  First day, included
-- param:   end_date   date  Day after the last one, not included
select event_hour as hour, cast(sum(events) as bigint) as events
from hourly_events
where event_date >= :start_date
    and event_date < :end_date
group by event_hour
order by hour

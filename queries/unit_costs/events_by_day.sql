-- title:   Events by day and type
-- grain:   one row per event_date, event_type
-- source:  lake
-- param:   start_date date  First day, included
-- param:   end_date   date  Day after the last one, not included
select event_date, event_type, cast(sum(events) as bigint) as events
from daily_events
where event_date >= :start_date
    and event_date < :end_date
group by event_date, event_type
order by event_date, event_type

-- title:   Events by type
-- grain:   one row per event_type
-- source:  lake
-- param:   start_date date  First day, included
-- param:   end_date   date  Day after the last one, not included
select event_type, cast(sum(events) as bigint) as events, cast(sum(duplicates) as bigint) as duplicates
from daily_events
where event_date >= :start_date
    and event_date < :end_date
group by event_type
order by event_type

-- title:   Events by hour and region
-- grain:   one row per event_hour, event_date, region
-- source:  lake
-- note:    The hour is in UTC, the day in the reporting time zone: an hour can belong to two days.
select
    date_trunc('hour', occurred_at) as event_hour,
    event_date,
    region,
    count(*) as events
from scoped_events
group by date_trunc('hour', occurred_at), event_date, region

-- title:   Events by day, type, source, channel and region
-- grain:   one row per event_date, event_type, source, channel, region
-- source:  lake
select
    event_date,
    event_type,
    source,
    channel,
    region,
    count(*) as events,
    cast(sum(copies) - count(*) as bigint) as duplicates,
    cast(sum(case when rounded then 1 else 0 end) as bigint) as rounded
from scoped_events
group by event_date, event_type, source, channel, region

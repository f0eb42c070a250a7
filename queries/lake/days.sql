-- title:   First and last day with events
-- grain:   one row
-- source:  lake
select min(event_date) as first_day, max(event_date) as last_day, cast(coalesce(sum(events), 0) as bigint) as events
from daily_events

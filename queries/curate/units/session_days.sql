-- title:   Days of the events of sessions that can change
-- grain:   one row per session_date
-- source:  lake
-- param:   reporting_time_zone str  The lake's reporting time zone
select event_date as session_date from new_events
union
select cast(days.day as date) as session_date
from known_sessions
cross join unnest(
    sequence(
        known_sessions.session_date,
        cast((known_sessions.ended_at at time zone 'UTC') at time zone :reporting_time_zone as date),
        interval '1' day
    )
) as days (day)

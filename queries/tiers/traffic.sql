-- title:   Events and recommendations shown, over some days
-- grain:   one row
-- source:  lake
-- param:   start_date date  First day, included
-- param:   end_date   date  Day after the last one, not included
select
    coalesce(cast(sum(events) as bigint), 0) as events,
    coalesce(cast(sum(case when event_type = 'recommendation_impression' then events else 0 end) as bigint), 0) as impressions
from daily_events
where event_date >= :start_date
    and event_date < :end_date

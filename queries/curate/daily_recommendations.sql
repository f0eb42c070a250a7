-- title:   Recommendations shown and clicked by day, surface, model, channel and region
-- grain:   one row per event_date, surface, model, channel, region
-- source:  lake
select
    event_date,
    recommendation_surface as surface,
    recommendation_model as model,
    channel,
    region,
    cast(sum(case when event_type = 'recommendation_impression' then 1 else 0 end) as bigint) as impressions,
    cast(sum(case when event_type = 'recommendation_click' then 1 else 0 end) as bigint) as clicks
from scoped_events
where event_type in ('recommendation_impression', 'recommendation_click')
group by event_date, recommendation_surface, recommendation_model, channel, region

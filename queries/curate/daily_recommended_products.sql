-- title:   Products recommended and clicked by day, surface and region
-- grain:   one row per event_date, product_id, surface, region
-- source:  lake
-- note:    Kept by month. Without the model: it would be most of the rows on days with an experiment, and what is asked here
--          is which products are ever shown.
select
    event_date,
    product_id,
    recommendation_surface as surface,
    region,
    cast(sum(case when event_type = 'recommendation_impression' then 1 else 0 end) as bigint) as impressions,
    cast(sum(case when event_type = 'recommendation_click' then 1 else 0 end) as bigint) as clicks,
    cast(date_trunc('month', event_date) as date) as event_month
from scoped_events
where event_type in ('recommendation_impression', 'recommendation_click')
    and product_id is not null
group by event_date, product_id, recommendation_surface, region

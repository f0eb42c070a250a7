-- title:   Recommendations shown and clicked by day, surface and model
-- grain:   one row per event_date, surface, model
-- source:  lake
-- term:    Impression = a product that was shown to someone as a recommendation.
-- term:    Click rate = clicks on recommendations ÷ impressions.
-- param:   start_date date  First day, included
-- param:   end_date   date  Day after the last one, not included
-- param:   channels   str*  Channels; empty for all
-- param:   regions    str*  Regions; empty for all
select
    event_date,
    surface,
    model,
    cast(sum(impressions) as bigint) as impressions,
    cast(sum(clicks) as bigint) as clicks
from daily_recommendations
where event_date >= :start_date
    and event_date < :end_date
    and channel in (:channels)
    and region in (:regions)
group by event_date, surface, model
order by event_date, surface, model

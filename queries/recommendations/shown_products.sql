-- title:   Products shown and clicked as recommendations
-- grain:   one row per product_id
-- source:  lake
-- term:    Coverage of recommendations = products shown at least once ÷ products that the model in use may show.
-- note:    The products that were clicked most come first. Surfaces that are not chosen count nothing.
-- param:   start_date date  First day, included
-- param:   end_date   date  Day after the last one, not included
-- param:   surfaces   str*  Surfaces; empty for all
-- param:   categories str*  Categories; empty for all
-- param:   regions    str*  Regions; empty for all
with shown as (
    select product_id, cast(sum(impressions) as bigint) as impressions, cast(sum(clicks) as bigint) as clicks
    from daily_recommended_products
    where event_month >= cast(date_trunc('month', :start_date) as date)
        and event_month < :end_date
        and event_date >= :start_date
        and event_date < :end_date
        and surface in (:surfaces)
        and region in (:regions)
    group by product_id
)

select shown.product_id, products.product_name, products.category, shown.impressions, shown.clicks
from shown
left join products on shown.product_id = products.product_id
where products.category in (:categories)
order by shown.clicks desc, shown.impressions desc, shown.product_id

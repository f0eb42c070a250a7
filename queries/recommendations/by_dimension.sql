-- title:   Recommendations by dimension: shown, clicked, and what is attributed to them
-- grain:   one row per dimension
-- source:  lake
-- question: by_surface where dimension = surface: Recommendations by surface: shown, clicked, and what is attributed to them
-- question: by_model where dimension = model: Recommendations by model: shown, clicked, and what is attributed to them
-- note:    An order with lines of two surfaces, or models, is an order of both.
-- param:   start_date date  First day, included
-- param:   end_date   date  Day after the last one, not included
-- param:   channels   str*  Channels; empty for all
-- param:   regions    str*  Regions; empty for all
-- param:   reporting_currency str  The lake's reporting currency
with parts as (
    select
        dimension,
        sum(impressions) as impressions,
        sum(clicks) as clicks,
        0 as orders,
        cast(0 as decimal(18, 3)) as units,
        cast(0 as decimal(38, 4)) as net_revenue,
        cast(0 as decimal(38, 4)) as net_revenue_without_cost,
        cast(0 as decimal(38, 4)) as cost
    from daily_recommendations
    where event_date >= :start_date
        and event_date < :end_date
        and channel in (:channels)
        and region in (:regions)
    group by dimension
    union all
    select
        dimension,
        0 as impressions,
        0 as clicks,
        count(
            distinct case
                when event_type = 'purchase' and (amount > 0 or free_order) then concat(namespace, '/', order_id)
            end
        ) as orders,
        sum(case when event_type = 'purchase' then quantity else 0 end) as units,
        sum(amount) as net_revenue,
        sum(case when cost is null then amount else 0 end) as net_revenue_without_cost,
        sum(cost) as cost
    from attributed_lines
    where order_date >= :start_date
        and order_date < :end_date
        and currency = :reporting_currency
        and channel in (:channels)
        and region in (:regions)
    group by dimension
)

select
    dimension,
    cast(sum(impressions) as bigint) as impressions,
    cast(sum(clicks) as bigint) as clicks,
    cast(sum(orders) as bigint) as orders,
    cast(sum(units) as decimal(18, 3)) as units,
    cast(sum(net_revenue) as decimal(38, 4)) as net_revenue,
    cast(sum(net_revenue_without_cost) as decimal(38, 4)) as net_revenue_without_cost,
    cast(coalesce(sum(cost), 0) as decimal(38, 4)) as cost
from parts
group by dimension
order by dimension

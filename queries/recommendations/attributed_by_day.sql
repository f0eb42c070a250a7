-- title:   Sales attributed to recommendations by day
-- grain:   one row per order_date
-- source:  lake
-- term:    Attributed = an order line belongs to the last recommendation of its product that the same customer clicked within
--          7 days before it, or the same session where nobody is known; without such a click, to the recommendation that it
--          names itself. Refunds are taken from it on the day they happen.
-- term:    Attributed orders = orders with an attributed line of positive amount, or a free one that says it counts.
-- term:    Attributed net revenue = attributed purchase lines − attributed refunds, in the reporting currency. Attributed gross
--          margin is the part of it whose cost of goods is known, less that cost.
-- note:    An attributed sale came after a recommendation, and might have come without it. What recommendations bring is
--          what a hold-out shows.
-- param:   start_date date  First day, included
-- param:   end_date   date  Day after the last one, not included
-- param:   channels   str*  Channels; empty for all
-- param:   regions    str*  Regions; empty for all
-- param:   reporting_currency str  The lake's reporting currency
select
    order_date,
    count(
        distinct case
            when event_type = 'purchase' and (amount > 0 or free_order) then concat(namespace, '/', order_id)
        end
    ) as orders,
    cast(sum(case when event_type = 'purchase' then quantity else 0 end) as decimal(18, 3)) as units,
    cast(sum(amount) as decimal(38, 4)) as net_revenue,
    cast(sum(case when cost is null then amount else 0 end) as decimal(38, 4)) as net_revenue_without_cost,
    cast(coalesce(sum(cost), 0) as decimal(38, 4)) as cost
from attributed_lines
where order_date >= :start_date
    and order_date < :end_date
    and currency = :reporting_currency
    and channel in (:channels)
    and region in (:regions)
group by order_date
order by order_date

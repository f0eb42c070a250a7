-- title:   Executive sales by day, category and region
-- grain:   one row per day, category, region
-- source:  lake
-- param:   reporting_currency str  The lake's reporting currency
select
    order_date as day,
    category,
    region,
    sum(gross_revenue) - sum(refunds) as net_revenue,
    cast(sum(units) as decimal(18, 3)) as units
from daily_sales
where currency = :reporting_currency
group by order_date, category, region
order by day, category, region

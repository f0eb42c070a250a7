-- title:   Net revenue by dimension
-- grain:   one row per dimension
-- source:  warehouse
-- question: by_category where dimension = category
-- question: by_channel where dimension = channel
-- question: by_device where dimension = device, sold = sold_by_device
-- question: by_region where dimension = region
select
    coalesce(dimension, '(none)') as dimension,
    sum(gross_revenue) - sum(refunds) as net_revenue,
    sum(gross_revenue) as gross_revenue,
    sum(refunds) as refunds,
    sum(cost) as cost,
    sum(gross_revenue) - sum(refunds) - sum(net_revenue_without_cost) as net_revenue_with_cost,
    cast(sum(units) as decimal(18, 3)) as units
from sold
where is_reported
group by 1
order by net_revenue desc, dimension

-- title:   Gross margin
-- grain:   one row
-- source:  warehouse
-- term:    Gross margin = net revenue − cost of goods, over the lines whose unit cost is known. Where it is not, the
--          margin is unknown for that share of net revenue, and the share is shown; it is never taken as 0.
select
    coalesce(sum(net_revenue), 0) as net_revenue,
    coalesce(sum(net_revenue) - sum(net_revenue_without_cost), 0) as net_revenue_with_cost,
    coalesce(sum(cost), 0) as cost,
    coalesce(sum(net_revenue) - sum(net_revenue_without_cost) - sum(cost), 0) as gross_margin
from sold
where is_reported

-- title:   Net revenue in other currencies
-- grain:   one row per currency
-- source:  warehouse
-- term:    Other currencies = amounts in another currency than the reporting one: kept, shown apart, and in no total.
select currency, sum(net_revenue) as net_revenue, cast(sum(lines) as bigint) as lines
from sold
where not is_reported
group by currency
order by currency

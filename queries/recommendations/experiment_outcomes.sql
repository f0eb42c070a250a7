-- title:   What the customers of an experiment ordered, by day of entry and variant
-- grain:   one row per entry_date, variant
-- source:  lake
-- term:    Entry day = the first day with a session of a customer, of those asked about: of an experiment or a period.
-- term:    Outcome = what a customer orders from the entry day on: on 7 days where experiments are compared, on all days of a
--          period where its incremental margin is asked for.
-- term:    Incremental margin = gross margin per customer who may be shown recommendations − the same of the hold-out, times the
--          customers who may be; the margin that would not be there without recommendations.
-- note:    Every customer is counted once, also one who did nothing. Variants are numbered from 0: the first one has the
--          customers whose first four hexadecimal digits of md5(experiment/customer_id) come before second_from, as
--          pipeline/recommend/experiments/experiment.py draws them. Orders are placed ones in the reporting currency; net
--          revenue is what is left of them after refunds of any day; gross margin is that of lines whose cost is known. The
--          squares are sums over customers, for variances. A customer whose name was erased meanwhile is drawn again.
-- param:   experiment  str   Name of the experiment
-- param:   start_date  date  First day of entry, included: not before the first whole day of the experiment
-- param:   end_date    date  Day after the last day of entry, not included
-- param:   outcome_end date  Day after the last one whose orders count, not included
-- param:   window_days int   Days whose orders count, the entry day included
-- param:   second_from str   First digits of variant 1; g where there is none
-- param:   third_from  str   First digits of variant 2; g where there is none
-- param:   fourth_from str   First digits of variant 3; g where there is none
-- param:   reporting_currency str  The lake's reporting currency
with actions as (
    -- one pass over each table: what a CTE reads is read again for each place that names it
    select
        customer_id,
        session_date as day,
        session_date as visited_on,
        0 as orders,
        cast(0 as decimal(38, 4)) as net_revenue,
        cast(0 as decimal(38, 4)) as net_revenue_with_cost,
        cast(0 as decimal(38, 4)) as cost
    from daily_customers
    where session_month >= cast(date_trunc('month', :start_date) as date)
        and session_month < :end_date
        and session_date >= :start_date
        and session_date < :end_date
    union all
    select
        customer_id,
        order_date as day,
        cast(null as date) as visited_on,
        1 as orders,
        net_revenue,
        net_revenue_with_cost,
        coalesce(cost, cast(0 as decimal(38, 4))) as cost
    from orders
    where order_date >= :start_date
        and order_date < :outcome_end
        and placed
        and currency = :reporting_currency
        and customer_id is not null
),

entered as (
    select *, min(visited_on) over (partition by customer_id) as entry_date
    from actions
),

outcomes as (
    select
        customer_id,
        entry_date,
        substr(lower(to_hex(md5(to_utf8(concat(:experiment, '/', customer_id))))), 1, 4) as digits,
        cast(sum(orders) as bigint) as orders,
        sum(net_revenue) as net_revenue,
        sum(net_revenue) - sum(net_revenue_with_cost) as net_revenue_without_cost,
        sum(net_revenue_with_cost) - sum(cost) as gross_margin
    from entered
    where day >= entry_date
        and date_diff('day', entry_date, day) < :window_days
    group by customer_id, entry_date
),

drawn as (
    select
        outcomes.*,
        case
            when digits < :second_from then 0
            when digits < :third_from then 1
            when digits < :fourth_from then 2
            else 3
        end as variant
    from outcomes
)

select
    entry_date,
    variant,
    count(*) as customers,
    cast(sum(case when orders > 0 then 1 else 0 end) as bigint) as buyers,
    cast(sum(orders) as bigint) as orders,
    cast(sum(net_revenue) as decimal(38, 4)) as net_revenue,
    cast(sum(net_revenue_without_cost) as decimal(38, 4)) as net_revenue_without_cost,
    cast(sum(gross_margin) as decimal(38, 4)) as gross_margin,
    cast(sum(orders * orders) as bigint) as orders_squared,
    -- a sum of doubles depends on its order
    sum(cast(net_revenue as double) * cast(net_revenue as double) order by customer_id) as net_revenue_squared,
    sum(cast(gross_margin as double) * cast(gross_margin as double) order by customer_id) as gross_margin_squared
from drawn
group by entry_date, variant
order by entry_date, variant

-- title:   Orders
-- grain:   one row per namespace, order_id
-- source:  lake
-- note:    An order is placed when it has a counted purchase line with a positive amount, or one that says it is free. An
--          order without a counted line is not confirmed: its amounts are those of the lines that wait. It belongs to the
--          day of its first purchase line, or of its first refund where the purchase is unknown. Amounts are in the
--          order's own currency. Categories are those of its purchase lines with a positive amount, in the order of the
--          alphabet, with a slash between them: none holds one.
with ranked as (
    select
        *,
        row_number() over (
            partition by namespace, order_id
            order by
                case when counted then 0 else 1 end, case when event_type = 'purchase' then 0 else 1 end, occurred_at,
                event_id
        ) as line,
        max(case when counted then 1 else 0 end) over (partition by namespace, order_id) = 1 as confirmed
    from scoped_order_lines
),

speaking as (
    select * from ranked where counted = confirmed
),

first_lines as (
    select * from speaking where line = 1
),

buyers as (
    select namespace, order_id, min_by(customer_id, line) as customer_id
    from ranked
    where customer_id is not null
    group by namespace, order_id
),

held as (
    select namespace, order_id, array_join(array_sort(array_agg(distinct category)), '/') as categories
    from speaking
    where event_type = 'purchase'
        and amount > 0
        and category is not null
    group by namespace, order_id
),

totals as (
    select
        namespace,
        order_id,
        count(*) as lines,
        sum(case when event_type = 'purchase' then quantity else 0 end) as units,
        sum(case when event_type = 'purchase' then amount else 0 end) as gross_revenue,
        sum(case when event_type = 'refund' then -amount else 0 end) as refunds,
        sum(amount) as net_revenue,
        sum(cost) as cost,
        sum(case when cost is not null then amount else 0 end) as net_revenue_with_cost,
        max(
            case when event_type = 'purchase' and (amount > 0 or free_order) and confirmed then 1 else 0 end
        ) = 1 as placed
    from speaking
    group by namespace, order_id
),

complete as (
    select
        first_lines.order_id,
        first_lines.namespace,
        first_lines.occurred_at as ordered_at,
        buyers.customer_id,
        first_lines.session_id,
        first_lines.channel,
        first_lines.device,
        first_lines.region,
        first_lines.store_id,
        first_lines.campaign,
        first_lines.currency,
        totals.lines,
        cast(totals.units as decimal(18, 3)) as units,
        cast(totals.gross_revenue as decimal(38, 4)) as gross_revenue,
        cast(totals.refunds as decimal(38, 4)) as refunds,
        cast(totals.net_revenue as decimal(38, 4)) as net_revenue,
        cast(totals.cost as decimal(38, 4)) as cost,
        cast(totals.net_revenue_with_cost as decimal(38, 4)) as net_revenue_with_cost,
        first_lines.confirmed,
        totals.placed,
        coalesce(held.categories, '') as categories,
        first_lines.order_date
    from first_lines
    inner join totals on first_lines.namespace = totals.namespace and first_lines.order_id = totals.order_id
    left join buyers on first_lines.namespace = buyers.namespace and first_lines.order_id = buyers.order_id
    left join held on first_lines.namespace = held.namespace and first_lines.order_id = held.order_id
)

select
    order_id, namespace, ordered_at, customer_id, session_id, channel, device, region, store_id, campaign, currency, lines, units,
    gross_revenue, refunds, net_revenue, cost, net_revenue_with_cost, confirmed, placed,
    case
        when customer_id is not null and placed
            then row_number() over (partition by customer_id, placed order by ordered_at, order_id, namespace) = 1
    end as first_order,
    categories,
    order_date
from complete

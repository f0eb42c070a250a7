-- title:   Sessions
-- grain:   one row per session_key
-- source:  lake
-- note:    A session is what the sender calls one, within its namespace (n:), or the lake's own (s:); where it gives no
--          session id, a customer's events until 30 minutes pass without one. Channel, device, region and campaign are
--          those of the first event that has them; the first is by its moment, a text that sorts as the instant and the
--          ids do, because one text is compared in half of the time that three columns take.
-- param:   reporting_time_zone str  The lake's reporting time zone
-- param:   reporting_currency str  The lake's reporting currency
with gaps as (
    select
        *,
        case
            when lag(occurred_at) over (partition by customer_id order by occurred_at, event_id, namespace)
                >= occurred_at - interval '30' minute
                then 0
            else 1
        end as starts
    from scoped_events
    where session_id is null
),

numbered as (
    select
        *,
        sum(starts) over (partition by customer_id order by occurred_at, event_id, namespace rows unbounded preceding) as number
    from gaps
),

keyed as (
    select
        case
            when namespace = '' then concat('s:', session_id) else concat('n:', namespace, '/', session_id)
        end as session_key,
        concat(cast(occurred_at as varchar), ' ', event_id, ' ', namespace) as moment,
        namespace, customer_id, occurred_at, event_type, channel, device, region, store_id, campaign, product_id,
        order_id, quantity, unit_price, currency
    from scoped_events
    where session_id is not null
    union all
    select
        concat('c:', customer_id, '@', cast(min(occurred_at) over (partition by customer_id, number) as varchar))
            as session_key,
        concat(cast(occurred_at as varchar), ' ', event_id, ' ', namespace) as moment,
        namespace, customer_id, occurred_at, event_type, channel, device, region, store_id, campaign, product_id,
        order_id, quantity, unit_price, currency
    from numbered
),

measured as (
    select
        session_key,
        min_by(customer_id, case when customer_id is not null then moment end) as customer_id,
        min(occurred_at) as started_at,
        max(occurred_at) as ended_at,
        min_by(channel, case when channel is not null then moment end) as channel,
        min_by(device, case when device is not null then moment end) as device,
        min_by(region, case when region is not null then moment end) as region,
        min_by(store_id, case when store_id is not null then moment end) as store_id,
        min_by(campaign, case when campaign is not null then moment end) as campaign,
        min_by(product_id, case when product_id is not null then moment end) as landing_product_id,
        count(*) as events,
        sum(case when event_type = 'product_view' then 1 else 0 end) as views,
        sum(case when event_type = 'cart_add' then 1 else 0 end) as carts,
        sum(case when event_type = 'checkout_start' then 1 else 0 end) as checkouts,
        count(distinct concat(namespace, '/', order_id)) filter (where event_type = 'purchase') as purchases,
        coalesce(
            sum(
                case
                    when event_type = 'purchase' and currency = :reporting_currency
                        then cast(quantity as decimal(19, 3)) * unit_price
                end
            ), 0
        ) as revenue
    from keyed
    group by session_key
)

select
    session_key,
    case when substr(session_key, 1, 2) = 'c:' then concat('c:', customer_id) else session_key end as visitor,
    customer_id, started_at, ended_at, channel, device, region, store_id, campaign,
    landing_product_id, events, cast(views as bigint) as views, cast(carts as bigint) as carts,
    cast(checkouts as bigint) as checkouts, purchases, cast(revenue as decimal(38, 4)) as revenue,
    carts > 0 and purchases = 0 as abandoned,
    cast((started_at at time zone 'UTC') at time zone :reporting_time_zone as date) as session_date
from measured

-- title:   Sessions
-- grain:   one row per session_key
-- source:  lake
-- note:    A session is what the sender calls one; where it gives no session id, a customer's events until 30 minutes
--          pass without one. Channel, device, region and campaign are those of the first event that has them.
-- param:   reporting_time_zone str  The lake's reporting time zone
-- param:   reporting_currency str  The lake's reporting currency
with gaps as (
    select
        event_id,
        customer_id,
        occurred_at,
        case
            when lag(occurred_at) over (partition by customer_id order by occurred_at, event_id)
                >= occurred_at - interval '30' minute
                then 0
            else 1
        end as starts
    from scoped_events
    where session_id is null
),

numbered as (
    select
        event_id,
        customer_id,
        occurred_at,
        sum(starts) over (partition by customer_id order by occurred_at, event_id rows unbounded preceding) as number
    from gaps
),

derived as (
    select
        event_id,
        concat('c:', customer_id, '@', cast(min(occurred_at) over (partition by customer_id, number) as varchar))
            as session_key
    from numbered
),

keyed as (
    select
        concat('s:', session_id) as session_key, concat('s:', session_id) as visitor, event_id, customer_id, occurred_at,
        event_type, channel, device, region, store_id, campaign, product_id, order_id, quantity, unit_price, currency
    from scoped_events
    where session_id is not null
    union all
    select
        derived.session_key, concat('c:', scoped_events.customer_id) as visitor, scoped_events.event_id,
        scoped_events.customer_id,
        scoped_events.occurred_at, scoped_events.event_type, scoped_events.channel, scoped_events.device,
        scoped_events.region, scoped_events.store_id, scoped_events.campaign, scoped_events.product_id,
        scoped_events.order_id, scoped_events.quantity, scoped_events.unit_price, scoped_events.currency
    from scoped_events
    inner join derived on scoped_events.event_id = derived.event_id
),

measured as (
    select
        session_key,
        min(visitor) as visitor,
        min_by(customer_id, row(occurred_at, event_id)) as customer_id,
        min(occurred_at) as started_at,
        max(occurred_at) as ended_at,
        min_by(channel, row(occurred_at, event_id)) as channel,
        min_by(device, row(occurred_at, event_id)) as device,
        min_by(region, row(occurred_at, event_id)) as region,
        min_by(store_id, row(occurred_at, event_id)) as store_id,
        min_by(campaign, row(occurred_at, event_id)) as campaign,
        min_by(product_id, row(occurred_at, event_id)) as landing_product_id,
        count(*) as events,
        sum(case when event_type = 'product_view' then 1 else 0 end) as views,
        sum(case when event_type = 'cart_add' then 1 else 0 end) as carts,
        sum(case when event_type = 'checkout_start' then 1 else 0 end) as checkouts,
        count(distinct case when event_type = 'purchase' then order_id end) as purchases,
        coalesce(
            sum(
                case
                    when event_type = 'purchase' and currency = :reporting_currency
                        then cast(quantity as decimal(19, 0)) * unit_price
                end
            ), 0
        ) as revenue
    from keyed
    group by session_key
)

select
    session_key, visitor, customer_id, started_at, ended_at, channel, device, region, store_id, campaign,
    landing_product_id, events, cast(views as bigint) as views, cast(carts as bigint) as carts,
    cast(checkouts as bigint) as checkouts, purchases, cast(revenue as decimal(38, 4)) as revenue,
    carts > 0 and purchases = 0 as abandoned,
    cast((started_at at time zone 'UTC') at time zone :reporting_time_zone as date) as session_date
from measured

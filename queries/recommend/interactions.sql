-- title:   What visitors did with products
-- grain:   one row per visitor, product_id, event_type, day, hour
-- source:  lake
-- note:    A visitor is a customer (c:), or, where nobody says who it is, a session: what the sender calls one, within its
--          namespace (n:) or the lake's own (s:). Refunds, and products taken out of a cart, say nothing. Day and hour
--          are UTC.
-- param:   start_date date  First day, included
-- param:   end_date   date  Day after the last one, not included
-- param:   active_from date? Only visitors who did something on this day or later; null for all
-- param:   first_hash str?  Only visitors whose MD5 comes before it, in upper-case hexadecimal digits; null for all
with actions as (
    select
        case
            when customer_id is not null then concat('c:', customer_id)
            when namespace = '' then concat('s:', session_id)
            else concat('n:', namespace, '/', session_id)
        end as visitor,
        product_id,
        event_type,
        cast(occurred_at as date) as day,
        cast(extract(hour from occurred_at) as bigint) as hour
    from events
    where event_date >= :start_date
        and event_date < :end_date
        and event_type in ('product_view', 'cart_add', 'purchase')
        and product_id is not null
        and coalesce(customer_id, session_id) is not null
)

select visitor, product_id, event_type, day, hour, count(*) as actions
from actions
where (:first_hash is null or to_hex(md5(to_utf8(visitor))) < :first_hash)
    and (:active_from is null or visitor in (select visitor from actions where day >= :active_from))
group by visitor, product_id, event_type, day, hour

-- title:   What was done with products in a session
-- grain:   one row per product_id
-- source:  lake
-- note:    The last action with each product: what can be recommended from where nobody says who the customer is.
-- param:   session_id str   The session, as its sender calls it
-- param:   start_date date  First day, included
-- param:   end_date   date  Day after the last one, not included
with actions as (
    select
        product_id,
        event_type,
        product_name,
        category,
        occurred_at,
        row_number() over (partition by product_id order by occurred_at desc, event_type, event_id) as place
    from events
    where event_date >= :start_date
        and event_date < :end_date
        and session_id = :session_id
        and event_type in ('product_view', 'cart_add', 'purchase')
        and product_id is not null
)

select product_id, event_type, product_name, category, occurred_at
from actions
where place = 1
order by occurred_at desc, product_id
limit 100

-- title:   What was done with products
-- grain:   one row per product_id
-- source:  lake
-- question: customer_actions where visitor = customer_id: What a customer did with products
-- question: session_actions where visitor = session_id: What was done with products in a session
-- note:    The last action with each product: what can be recommended from where nobody says who the customer is, or
--          where a reader sees some regions only.
-- param:   visitor_id str   The customer, or the session, as its sender calls it
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
        and visitor = :visitor_id
        and event_type in ('product_view', 'cart_add', 'purchase')
        and product_id is not null
)

select product_id, event_type, product_name, category, occurred_at
from actions
where place = 1
order by occurred_at desc, product_id
limit 100

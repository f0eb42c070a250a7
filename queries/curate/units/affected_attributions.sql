-- title:   Orders of which a line can be attributed otherwise
-- grain:   one row per namespace, order_id
-- source:  lake
-- note:    Those whose lines can change, and those of a product that the same customer or session clicked on.
with clicks as (
    select namespace, customer_id, session_id, product_id
    from new_events
    where event_type = 'recommendation_click'
    union
    select namespace, customer_id, session_id, product_id
    from withdrawn
    where event_type = 'recommendation_click'
)

select namespace, order_id from affected_orders
union
select current_order_lines.namespace, current_order_lines.order_id
from current_order_lines
inner join clicks
    on current_order_lines.product_id = clicks.product_id
    and current_order_lines.customer_id = clicks.customer_id
union
select current_order_lines.namespace, current_order_lines.order_id
from current_order_lines
inner join clicks
    on current_order_lines.product_id = clicks.product_id
    and current_order_lines.session_id = clicks.session_id
    and current_order_lines.namespace = clicks.namespace

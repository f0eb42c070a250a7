-- title:   Days of the lines of orders of which a line can be attributed otherwise
-- grain:   one row per order_date
-- source:  lake
select distinct current_order_lines.order_date
from current_order_lines
inner join affected_attributions
    on current_order_lines.namespace = affected_attributions.namespace
    and current_order_lines.order_id = affected_attributions.order_id

-- title:   Days of the clicks that lines can be attributed to
-- grain:   one row per event_date
-- source:  lake
-- note:    Seven times 24 hours can begin on the eighth day before, where a night of them has an hour less.
select distinct cast(days.day as date) as event_date
from current_order_lines
inner join affected_attributions
    on current_order_lines.namespace = affected_attributions.namespace
    and current_order_lines.order_id = affected_attributions.order_id
cross join unnest(
    sequence(cast(current_order_lines.order_date - interval '8' day as date), current_order_lines.order_date, interval '1' day)
) as days (day)
where current_order_lines.event_type = 'purchase'

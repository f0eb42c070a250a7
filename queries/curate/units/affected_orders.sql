-- title:   Orders whose lines can change
-- grain:   one row per namespace, order_id
-- source:  lake
-- note:    Those with a new or known line of an id that arrived, and those with a line that took its description from a
--          product whose description changed.
select namespace, order_id from new_events where event_type in ('purchase', 'refund')
union
select namespace, order_id from known_events where event_type in ('purchase', 'refund')
union
select namespace, order_id
from earlier_order_lines
where borrowed
    and product_id in (select product_id from described_again)

-- title:   Visitors whose sessions can change
-- grain:   one row per visitor
-- source:  lake
-- note:    A visitor is a session's id within its namespace, or where an event has none, its customer.
select distinct
    case
        when session_id is null then concat('c:', customer_id)
        when namespace = '' then concat('s:', session_id)
        else concat('n:', namespace, '/', session_id)
    end as visitor
from (
    select namespace, session_id, customer_id from new_events
    union all
    select namespace, session_id, customer_id from known_events
) as arrived

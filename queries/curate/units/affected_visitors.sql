-- title:   Visitors whose sessions can change
-- grain:   one row per visitor
-- source:  lake
-- note:    A visitor is a session's id within its namespace, or where an event has none, its customer.
select
    case
        when session_id is null then concat('c:', customer_id)
        when namespace = '' then concat('s:', session_id)
        else concat('n:', namespace, '/', session_id)
    end as visitor
from new_events
union
select
    case
        when session_id is null then concat('c:', customer_id)
        when namespace = '' then concat('s:', session_id)
        else concat('n:', namespace, '/', session_id)
    end as visitor
from known_events

-- title:   Event ids that arrived more than once
-- grain:   one row per namespace, event_id
-- source:  lake
-- note:    Of the new raw events and what the lake already holds under the same ids; copies counts all of them.
select namespace, event_id, cast(sum(copies) as bigint) as copies
from (
    select namespace, event_id, cast(1 as bigint) as copies
    from raw_events
    union all
    select namespace, event_id, copies
    from known_events
) as arrivals
group by namespace, event_id
having count(*) > 1

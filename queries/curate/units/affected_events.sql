-- title:   Event ids that arrived
-- grain:   one row per namespace, event_id
-- source:  lake
select distinct namespace, event_id
from raw_events

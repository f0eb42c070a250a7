-- title:   Records received, accepted, duplicate and quarantined
-- grain:   one row
-- source:  lake
-- note:    Conservation law: received = accepted + duplicates + quarantined. Accepted events are kept once by event id,
--          duplicates are further copies of the same id, quarantined records keep their original bytes and a reason.
with kept as (
    select coalesce(sum(events), 0) as accepted, coalesce(sum(duplicates), 0) as duplicates
    from daily_events
),

refused as (
    select count(*) as quarantined
    from quarantine
)

select
    cast(kept.accepted + kept.duplicates + refused.quarantined as bigint) as received,
    cast(kept.accepted as bigint) as accepted,
    cast(kept.duplicates as bigint) as duplicates,
    refused.quarantined
from kept
cross join refused

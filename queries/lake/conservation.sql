-- title:   Records received, accepted, duplicate and quarantined
-- grain:   one row
-- source:  lake
-- term:    Conservation law = received = accepted + duplicates + quarantined, to the record.
-- term:    Accepted = events, each kept once by its sender's namespace and its event id.
-- term:    Duplicates = further copies of an event id that was accepted before.
-- term:    Rounded = accepted events with an amount of more than 4 decimals, or a quantity of more than 3: kept rounded.
-- term:    Quarantined = refused records, kept with their original bytes and the reason.
with kept as (
    select
        coalesce(sum(events), 0) as accepted, coalesce(sum(duplicates), 0) as duplicates,
        coalesce(sum(rounded), 0) as rounded
    from daily_events
),

refused as (
    select cast(coalesce(sum(records), 0) as bigint) as quarantined
    from daily_quarantine
)

select
    cast(kept.accepted + kept.duplicates + refused.quarantined as bigint) as received,
    cast(kept.accepted as bigint) as accepted,
    cast(kept.duplicates as bigint) as duplicates,
    refused.quarantined,
    cast(kept.rounded as bigint) as rounded
from kept
cross join refused

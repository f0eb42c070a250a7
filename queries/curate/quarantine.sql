-- title:   Refused records
-- grain:   one row per received_at, reason, origin
-- source:  lake
-- param:   reporting_time_zone str  The lake's reporting time zone
select
    record, reason, detail, origin, source, received_at,
    cast((received_at at time zone 'UTC') at time zone :reporting_time_zone as date) as received_date
from raw_quarantine

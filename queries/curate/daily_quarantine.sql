-- title:   Refused records by day, reason and source
-- grain:   one row per received_date, reason, source
-- source:  lake
select received_date, reason, source, count(*) as records
from scoped_quarantine
group by received_date, reason, source

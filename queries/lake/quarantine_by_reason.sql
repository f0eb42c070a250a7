-- title:   Quarantined records by reason
-- grain:   one row per reason, source
-- source:  lake
-- param:   start_date date  First day of receipt, included
-- param:   end_date   date  Day after the last one, not included
select reason, source, count(*) as records, min(detail) as example, max(received_at) as last_received_at
from quarantine
where received_date >= :start_date
    and received_date < :end_date
group by reason, source
order by records desc, reason, source

-- title:   Days of the cloud bill
-- grain:   one row
-- source:  lake
select min(charge_date) as first_day, max(charge_date) as last_day, coalesce(cast(sum(charges) as bigint), 0) as charges
from daily_spend

-- title:   Days of the cloud bill
-- grain:   one row
-- source:  lake
-- note:    Fees may be dated ahead, up to the end of what they are paid for: the last day of usage is how far the bill goes.
select
    min(charge_date) as first_day,
    max(charge_date) as last_day,
    max(case when charge_category = 'Usage' then charge_date end) as last_used_day,
    coalesce(cast(sum(charges) as bigint), 0) as charges
from daily_spend

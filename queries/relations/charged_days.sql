-- title:   Days with a known charge in a currency
-- param:   start_date date  First day, included
-- param:   end_date   date  Day after the last one, not included
-- param:   currency   str   Billing currency of the charges
select distinct charge_date
from daily_spend
where charge_date >= :start_date
    and charge_date < :end_date
    and coalesce(billing_currency, '(none)') = :currency
    and effective_cost is not null

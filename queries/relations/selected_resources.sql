-- title:   The charges of single resources that a reader chose, added up by day, with their cost in one basis
-- param:   start_date date  First day, included
-- param:   end_date   date  Day after the last one, not included
-- param:   basis      str  billed, effective, list or contracted
-- param:   currencies str*  Billing currencies; empty for all: each is in rows of its own
-- param:   services   str*  Services; empty for all
-- param:   service_categories str*  Service categories; empty for all
-- param:   accounts   str*  Sub-accounts; empty for all
-- param:   cloud_regions str*  Cloud regions; empty for all
-- param:   usage_types str*  Usage types; empty for all
-- param:   providers  str*  Providers; empty for all
select
    *,
    case :basis
        when 'billed' then billed_cost
        when 'effective' then effective_cost
        when 'list' then list_cost
        when 'contracted' then contracted_cost
    end as cost
from daily_spend_resources
where charge_month >= cast(date_trunc('month', :start_date) as date)
    and charge_month < :end_date
    and charge_date >= :start_date
    and charge_date < :end_date
    and coalesce(billing_currency, '(none)') in (:currencies)
    and coalesce(service_name, '(none)') in (:services)
    and coalesce(service_category, '(none)') in (:service_categories)
    and coalesce(sub_account_id, '(none)') in (:accounts)
    and coalesce(region_id, '(none)') in (:cloud_regions)
    and coalesce(usage_type, '(none)') in (:usage_types)
    and coalesce(provider_name, '(none)') in (:providers)

-- title:   The charges of the days that a reader chose, added up by day; resources and tags are not known here
-- param:   currencies str*  Billing currencies; empty for all: each is in rows of its own
-- param:   services   str*  Services; empty for all
-- param:   service_categories str*  Service categories; empty for all
-- param:   accounts   str*  Sub-accounts; empty for all
-- param:   cloud_regions str*  Cloud regions; empty for all
-- param:   usage_types str*  Usage types; empty for all
-- param:   charges    str*  Charge categories; empty for all
-- param:   providers  str*  Providers; empty for all
-- param:   pricing    str*  Pricing categories; empty for all
select
    *,
    cast(null as varchar) as resource_id,
    cast(null as varchar) as resource_label,
    cast(null as varchar) as tag_value
from daily_spend
where coalesce(billing_currency, '(none)') in (:currencies)
    and coalesce(service_name, '(none)') in (:services)
    and coalesce(service_category, '(none)') in (:service_categories)
    and coalesce(sub_account_id, '(none)') in (:accounts)
    and coalesce(region_id, '(none)') in (:cloud_regions)
    and coalesce(usage_type, '(none)') in (:usage_types)
    and coalesce(charge_category, '(none)') in (:charges)
    and coalesce(provider_name, '(none)') in (:providers)
    and coalesce(pricing_category, '(none)') in (:pricing)

-- title:   The single charges that a reader chose, also by resource and by tag
-- param:   by_tag     str?  The tag key that dimension tag is about
-- param:   currencies str*  Billing currencies; empty for all: each is in rows of its own
-- param:   services   str*  Services; empty for all
-- param:   service_categories str*  Service categories; empty for all
-- param:   accounts   str*  Sub-accounts; empty for all
-- param:   cloud_regions str*  Cloud regions; empty for all
-- param:   usage_types str*  Usage types; empty for all
-- param:   charges    str*  Charge categories; empty for all
-- param:   providers  str*  Providers; empty for all
-- param:   pricing    str*  Pricing categories; empty for all
-- param:   resources  str*  Resources; empty for all
-- param:   tag_key    str?  A tag's key; null for any
-- param:   tag_values str*  The tag's values; empty for all
-- param:   tag_text   str?  Text that the tags of every such charge hold, so that the others need not be read; null for any
select
    *,
    1 as charges,
    coalesce(resource_type || '/' || resource_name, resource_name) as resource_label,
    coalesce(
        nullif(element_at(try(cast(json_parse(tags) as map(varchar, varchar))), :by_tag), ''), '(untagged)'
    ) as tag_value
from spend
where coalesce(billing_currency, '(none)') in (:currencies)
    and coalesce(service_name, '(none)') in (:services)
    and coalesce(service_category, '(none)') in (:service_categories)
    and coalesce(sub_account_id, '(none)') in (:accounts)
    and coalesce(region_id, '(none)') in (:cloud_regions)
    and coalesce(usage_type, '(none)') in (:usage_types)
    and coalesce(charge_category, '(none)') in (:charges)
    and coalesce(provider_name, '(none)') in (:providers)
    and coalesce(pricing_category, '(none)') in (:pricing)
    and (:tag_text is null or strpos(tags, :tag_text) > 0)
    and coalesce(resource_id, '(none)') in (:resources)
    and (
        :tag_key is null
        or coalesce(nullif(element_at(try(cast(json_parse(tags) as map(varchar, varchar))), :tag_key), ''), '(untagged)')
            in (:tag_values)
    )

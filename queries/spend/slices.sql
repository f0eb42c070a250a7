-- title:   Services, accounts, regions, charge categories, currencies and tag keys of the cloud bill
-- grain:   one row per slice, value
-- source:  lake
-- note:    Charges says how often a value occurs: in charge rows, for a tag key in days and services.
with combinations as (
    select
        service_name,
        sub_account_id,
        region_id,
        charge_category,
        billing_currency,
        max(sub_account_name) as sub_account_name,
        sum(charges) as charges
    from daily_spend
    group by 1, 2, 3, 4, 5
)

select
    'service' as slice,
    coalesce(service_name, '(none)') as value,
    cast(null as varchar) as label,
    cast(sum(charges) as bigint) as charges
from combinations
group by 2
union all
select
    'account' as slice,
    coalesce(sub_account_id, '(none)') as value,
    max(sub_account_name) as label,
    cast(sum(charges) as bigint) as charges
from combinations
group by 2
union all
select
    'cloud_region' as slice,
    coalesce(region_id, '(none)') as value,
    cast(null as varchar) as label,
    cast(sum(charges) as bigint) as charges
from combinations
group by 2
union all
select
    'charge' as slice,
    coalesce(charge_category, '(none)') as value,
    cast(null as varchar) as label,
    cast(sum(charges) as bigint) as charges
from combinations
group by 2
union all
select
    'currency' as slice,
    coalesce(billing_currency, '(none)') as value,
    cast(null as varchar) as label,
    cast(sum(charges) as bigint) as charges
from combinations
group by 2
union all
select 'tag' as slice, tag_key as value, cast(null as varchar) as label, count(*) as charges
from daily_spend_tags
group by 2
order by slice, value

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
),

named as (
    select
        coalesce(service_name, '(none)') as service_name,
        coalesce(sub_account_id, '(none)') as sub_account_id,
        coalesce(region_id, '(none)') as region_id,
        coalesce(charge_category, '(none)') as charge_category,
        coalesce(billing_currency, '(none)') as billing_currency,
        sub_account_name,
        charges
    from combinations
),

-- one reading for all slices: a CTE that is named five times would be read five times
counted as (
    select
        service_name,
        sub_account_id,
        region_id,
        charge_category,
        billing_currency,
        max(sub_account_name) as sub_account_name,
        cast(sum(charges) as bigint) as charges
    from named
    group by grouping sets ((service_name), (sub_account_id), (region_id), (charge_category), (billing_currency))
)

select
    case
        when service_name is not null then 'service'
        when sub_account_id is not null then 'account'
        when region_id is not null then 'cloud_region'
        when charge_category is not null then 'charge'
        else 'currency'
    end as slice,
    coalesce(service_name, sub_account_id, region_id, charge_category, billing_currency) as value,
    case when sub_account_id is not null then sub_account_name end as label,
    charges
from counted
union all
select 'tag' as slice, tag_key as value, cast(null as varchar) as label, count(*) as charges
from daily_spend_tags
group by 2
order by slice, value

-- title:   Channels, categories and regions that occur
-- grain:   one row per slice, value
-- source:  lake
with slices as (
    select
        slice.name as slice,
        case when slice.name = 'channel' then daily_traffic.channel else daily_traffic.region end as value
    from daily_traffic
    cross join (values ('channel'), ('region')) as slice (name)
    union all
    select
        slice.name as slice,
        case
            when slice.name = 'channel' then monthly_sales.channel
            when slice.name = 'region' then monthly_sales.region
            else monthly_sales.category
        end as value
    from monthly_sales
    cross join (values ('channel'), ('region'), ('category')) as slice (name)
)

select distinct slice, value
from slices
where value is not null
order by slice, value

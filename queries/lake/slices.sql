-- title:   Channels, categories and regions that occur
-- grain:   one row per slice, value
-- source:  lake
select distinct 'channel' as slice, channel as value
from daily_traffic
where channel is not null
union
select distinct 'channel' as slice, channel as value
from daily_sales
where channel is not null
union
select distinct 'region' as slice, region as value
from daily_traffic
where region is not null
union
select distinct 'region' as slice, region as value
from daily_sales
where region is not null
union
select distinct 'category' as slice, category as value
from daily_sales
where category is not null
order by slice, value

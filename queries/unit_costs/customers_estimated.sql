-- title:   Active customers by day, and of the whole period, about
-- grain:   one row per session_date
-- source:  lake
-- note:    For long periods, of which `unit_costs/customers` would read every customer of every day. HyperLogLog with 4,096
--          registers (Flajolet, Fusy, Gandouet, Meunier, 2007) and linear counting up to 12,288 customers (Heule, Nunkesser,
--          Hall, 2013): the standard error is 1.04 ÷ √4096 = 1.6 %, at most 2.1 % where one gives way to the other.
with registers as (
    select session_date, bucket, max(highest_rank) as highest_rank
    from daily_customer_registers
    where session_month >= cast(date_trunc('month', :start_date) as date)
        and session_month < :end_date
        and session_date >= :start_date
        and session_date < :end_date
        and session_date in (select charge_date from charged_days)
    group by grouping sets ((session_date, bucket), (bucket))
),

filled as (
    select
        session_date,
        4096 - count(*) as empty_buckets,
        sum(power(cast(2 as double), -highest_rank)) as harmonic
    from registers
    group by session_date
),

estimates as (
    select
        session_date,
        case when empty_buckets > 0 then 4096 * ln(cast(4096 as double) / empty_buckets) end as linear,
        cast(0.7213 as double) / (1 + cast(1.079 as double) / 4096) * 4096 * 4096 / (harmonic + empty_buckets) as raw
    from filled
)

select session_date, cast(round(case when linear <= 12288 then linear else raw end) as bigint) as customers
from estimates
order by session_date

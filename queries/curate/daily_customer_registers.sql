-- title:   Registers of customers by day
-- grain:   one row per session_date, bucket
-- source:  lake
-- note:    What HyperLogLog keeps of a set of customers (Flajolet, Fusy, Gandouet, Meunier, 2007): every customer falls into
--          one of 4,096 buckets by the first 12 bits of a hash, and a bucket keeps the highest rank of its customers, the
--          place of the first 1 among the bits that follow. The registers of some days are the highest of each bucket, so
--          that customers of a year are counted from days, each once. MD5 is the same everywhere; nothing is secret here.
--          Of all regions together: who sees some regions only sees none of it.
with hashed as (
    select session_date, lower(to_hex(md5(to_utf8(customer_id)))) as hash
    from scoped_daily_customers
),

cut as (
    select session_date, substr(hash, 1, 3) as bucket, trim(leading '0' from substr(hash, 4, 13)) as significant
    from hashed
)

select
    session_date,
    bucket,
    cast(
        max(
            4 * (13 - length(significant)) + 1
            + case
                when significant = '' then 0
                when substr(significant, 1, 1) = '1' then 3
                when substr(significant, 1, 1) in ('2', '3') then 2
                when substr(significant, 1, 1) in ('4', '5', '6', '7') then 1
                else 0
            end
        ) as bigint
    ) as highest_rank,
    cast(date_trunc('month', session_date) as date) as session_month
from cut
group by session_date, bucket

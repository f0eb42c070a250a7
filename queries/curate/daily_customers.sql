-- title:   Customers by day
-- grain:   one row per session_date, customer_id, region
-- source:  lake
-- note:    Distinct customers of a period cannot be added up from days: the narrowest table that can be counted keeps
--          the customers themselves.
select distinct
    session_date,
    customer_id,
    region,
    cast(date_trunc('month', session_date) as date) as session_month
from scoped_sessions
where customer_id is not null

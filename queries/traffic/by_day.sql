-- title:   Sessions by day
-- grain:   one row per session_date
-- source:  lake
-- term:    Session = what the sender calls one; where it gives no session id, a customer's events until 30 minutes
--          pass without one.
-- term:    Conversion rate = sessions with a purchase ÷ sessions.
-- term:    Cart abandonment = sessions with a cart and no purchase ÷ sessions with a cart.
-- param:   start_date date  First day, included
-- param:   end_date   date  Day after the last one, not included
-- param:   channels   str*  Channels; empty for all
-- param:   regions    str*  Regions; empty for all
select
    session_date,
    cast(sum(sessions) as bigint) as sessions,
    cast(sum(sessions_with_view) as bigint) as sessions_with_view,
    cast(sum(sessions_with_cart) as bigint) as sessions_with_cart,
    cast(sum(sessions_with_purchase) as bigint) as sessions_with_purchase,
    cast(sum(sessions_abandoned) as bigint) as sessions_abandoned,
    cast(sum(views) as bigint) as views
from daily_traffic
where session_date >= :start_date
    and session_date < :end_date
    and channel in (:channels)
    and region in (:regions)
group by session_date
order by session_date

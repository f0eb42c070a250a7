-- Functions that Redshift has and PostgreSQL has not, by Redshift's documentation. The line above each says what it does
-- and stands in docs/engines.md.

-- the current instant in UTC
create function getdate() returns timestamp language sql stable as
    $$ select date_trunc('second', now() at time zone 'UTC') $$;

-- an instant moved by so many date parts
create function dateadd(part text, number bigint, at timestamp) returns timestamp language sql immutable as
    $$ select at + number * cast('1 ' || part as interval) $$;

-- boundaries crossed, not whole periods: from 31 January to 1 February is one month
create function datediff(part text, first timestamp, last timestamp) returns bigint language sql immutable as $$
    select case lower(part)
        when 'year' then extract(year from last) - extract(year from first)
        when 'quarter' then 4 * (extract(year from last) - extract(year from first))
            + extract(quarter from last) - extract(quarter from first)
        when 'month' then 12 * (extract(year from last) - extract(year from first))
            + extract(month from last) - extract(month from first)
        when 'week' then (cast(date_trunc('week', last) as date) - cast(date_trunc('week', first) as date)) / 7
        when 'day' then cast(last as date) - cast(first as date)
        when 'hour' then extract(epoch from date_trunc('hour', last) - date_trunc('hour', first)) / 3600
        when 'minute' then extract(epoch from date_trunc('minute', last) - date_trunc('minute', first)) / 60
        when 'second' then extract(epoch from date_trunc('second', last) - date_trunc('second', first))
        when 'microsecond' then extract(epoch from last - first) * 1000000
    end::bigint
$$;

-- a wall clock's reading in another zone; with two arguments the first zone is UTC
create function convert_timezone(source text, target text, at timestamp) returns timestamp language sql stable as
    $$ select at at time zone source at time zone target $$;
create function convert_timezone(target text, at timestamp) returns timestamp language sql stable as
    $$ select at at time zone 'UTC' at time zone target $$;

-- the number of characters
create function len(value text) returns integer language sql immutable as
    $$ select length(value) $$;

-- the place of one text in another, 0 for none
create function charindex(part text, value text) returns integer language sql immutable as
    $$ select position(part in value) $$;

-- the first value, or the other where it is null
create function nvl(first anycompatible, other anycompatible) returns anycompatible language sql immutable as
    $$ select coalesce(first, other) $$;

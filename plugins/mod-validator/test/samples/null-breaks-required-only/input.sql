select null::integer as n, null::varchar as s

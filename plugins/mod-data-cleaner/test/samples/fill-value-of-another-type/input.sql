select null::integer as n

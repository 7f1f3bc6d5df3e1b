select 1.5::double as n, timestamp '2024-05-06 07:08:09' as t

select 1::bigint as id, 'x' as name, 5::decimal(10,2) as price

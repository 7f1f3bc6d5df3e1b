select 1 as id, 'a' as name, timestamp '2024-01-01' as at where false

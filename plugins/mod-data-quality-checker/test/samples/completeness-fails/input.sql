select case when i = 7 then null else i end as id from range(100000) r(i)

select i as id, i % 10 as kind, case when i = 5 then 'other' else 'n' || i end as name from range(1000) r(i)

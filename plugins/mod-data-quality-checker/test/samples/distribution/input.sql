select i as n, case when i < 90 then 'a' else 'b' end as kind, i / 2.0 as half from range(100) r(i)

select i as n from range(1, 12) t(i) union all select 1000

select * from (values (1),(3)) as t(n)

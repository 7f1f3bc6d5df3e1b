select * from (values (1),(99)) as t(n)

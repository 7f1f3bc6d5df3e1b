select * from (values (1),(null)) as t(n)

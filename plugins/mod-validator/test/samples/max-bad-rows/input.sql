select * from (values (1),(null),(null)) as t(n)

select * from (values (1), (50), (900), (null)) as t(n)

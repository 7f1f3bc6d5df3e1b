select * from (values (1, 2),(3, 2)) as t(low, high)

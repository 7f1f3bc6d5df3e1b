select * from (values (1, 'a', 1.5), (2, 'b', null)) t(id, name, amount)

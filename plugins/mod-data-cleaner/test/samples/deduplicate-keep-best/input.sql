select * from (values (1, 'a', 3), (1, 'b', 9), (1, 'c', null), (2, 'd', 1)) as t(id, x, score)

select * from (values (1, 5, 'a', 'x'), (2, null, 'a', null), (null, 7, 'b', 'y'), (4, 9, null, 'z')) as v(id, n, k, t)

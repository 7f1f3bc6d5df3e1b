select * from (values (1, 'a'), (1, 'a'), (1, null), (1, null), (2, 'a')) as t(id, x)

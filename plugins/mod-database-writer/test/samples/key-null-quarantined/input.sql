select * from (values (1, 'a'), (2, 'b'), (null, 'c')) t(id, name)

select * from (values (1, 'a'), (null, 'c')) t(id, name)

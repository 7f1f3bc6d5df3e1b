select * from (values (1, 'a'), (1, 'b')) t(id, name)

select * from (values (1, ' a '), (2, null)) as t(id, name)

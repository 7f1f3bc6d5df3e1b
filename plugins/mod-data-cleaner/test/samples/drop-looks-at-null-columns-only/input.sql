select * from (values (1, null, 'x'), (2, 'b', null)) as t(id, name, note)

select * from (values (1, null::varchar, null), (2, null, 'b')) as t(id, a, b)

select * from (values (1)) as t(id)

select * from (values ('abc', 'secret', '4111111111111111', '123'), (null, null, null, null)) as t(h, r, p, short)

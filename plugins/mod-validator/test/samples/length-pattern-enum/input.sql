select * from (values ('ABC','a@b.c','new'),('AB','nope','old')) as t(code, email, state)

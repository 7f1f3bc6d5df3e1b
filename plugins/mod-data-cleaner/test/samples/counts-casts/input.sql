select * from (values ('1'), (null), ('3')) as v(n)

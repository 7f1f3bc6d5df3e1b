select * from (values ('1'), ('two')) as t(n)

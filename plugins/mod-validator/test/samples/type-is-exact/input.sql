select * from (values ('1'),('1.5'),('x'),(null)) as t(n)

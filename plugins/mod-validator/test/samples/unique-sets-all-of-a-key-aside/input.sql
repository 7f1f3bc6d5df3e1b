select * from (values (1,'a'),(1,'b'),(2,'c'),(null,'d'),(null,'e')) as t(id, x)

select * from (values (1,'b'),(2,'a')) as t(id, name)

select * from (values (1,'a'),(1,'b'),(1,'a'),(null,'x'),(null,'x')) as t(id, name)

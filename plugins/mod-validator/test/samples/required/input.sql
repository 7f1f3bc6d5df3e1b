select * from (values (1,'a'),(2,null),(3,''),(null,'b')) as t(id, name)

select * from (values (1,'a'),(2,''),(3,null),(4,'d')) as t(id, name)

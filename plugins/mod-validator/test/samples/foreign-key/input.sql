select * from (values (1,'DE'),(2,'XX'),(3,null)) as t(id, country)

select * from (values ('DE'),('FR')) as t(code)

select * from (values ('31/12/2024'),('12/31/2024')) as t(d)

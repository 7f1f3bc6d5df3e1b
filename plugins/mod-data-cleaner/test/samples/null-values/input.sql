select * from (values ('N/A', ''), ('x', 'NULL')) as t(a, b)

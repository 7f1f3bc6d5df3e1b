select * from (values ('1', '1.50'), ('1.5', '2'), ('x', '3.005'), (null, '4.000')) as t(n, amount)

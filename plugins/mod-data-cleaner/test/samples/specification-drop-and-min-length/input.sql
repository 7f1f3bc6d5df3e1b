select * from (values (1, 'Ann'), (2, 'Al'), (3, null), (4, 'Bert')) as t(id, name)

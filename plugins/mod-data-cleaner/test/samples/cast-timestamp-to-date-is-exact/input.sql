select * from (values (timestamp '2024-05-06 00:00:00'), (timestamp '2024-05-06 00:00:01')) as t(t)

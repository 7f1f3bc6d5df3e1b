select * from (values (5, date '2024-01-01'),(0, date '2024-01-01'),(5, date '2023-12-31')) as t(n, d)

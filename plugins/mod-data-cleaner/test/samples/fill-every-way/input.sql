select * from (values (1, 1, 'a', 10, 'x'), (2, null, null, null, null), (3, 5, 'a', 30, null), (4, 9, 'b', 80, 'y')) as t(id, mean_of, mode_of, median_of, previous_of)

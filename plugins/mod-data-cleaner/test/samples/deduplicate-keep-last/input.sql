select * from (values (1, 'old'), (2, 'b'), (1, 'new')) as t(id, x)

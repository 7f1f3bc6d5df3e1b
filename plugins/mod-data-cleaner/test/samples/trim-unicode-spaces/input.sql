select * from (values (chr(160) || 'a b' || chr(8195), ' c '), ('d', 'e')) as t(x, y)

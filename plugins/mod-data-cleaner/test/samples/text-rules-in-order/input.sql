select * from (values ('  JOSÉ' || chr(8203) || '   della  CRUZ ')) as t(name)

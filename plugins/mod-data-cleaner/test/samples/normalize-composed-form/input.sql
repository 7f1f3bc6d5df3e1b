select 'e' || chr(769) as x

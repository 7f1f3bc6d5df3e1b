select * from (values ('UK', '(555) 12-3'), ('-', '1'), ('DE', null)) as t(country, phone)

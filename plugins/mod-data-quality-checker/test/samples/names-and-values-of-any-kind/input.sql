select * from (values ('<script>alert(1)</script>', 1), ('&"''', 2), ('', 3), (null, 4), ('‮abc', 5)) as t("<b>""'; drop table x --", "n n")

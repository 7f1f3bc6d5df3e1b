select 'x ' as r, 'y ' as b, 'z ' as c0, 'w ' as v0, 'q ' as f0, 'p ' as "a ""b"""

select i as id, i % 10 as kind, 'n' || i as name from range(1000) r(i)

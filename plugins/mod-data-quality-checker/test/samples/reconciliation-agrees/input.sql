select i as id, i / 4.0 as amount, 'n' || i as name, null as gone from range(1000) r(i)

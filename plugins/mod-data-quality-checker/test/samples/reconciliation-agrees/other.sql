select i as id, (i / 4.0)::varchar as amount, 'n' || i as label, null as gone, 1 as more from range(1000) r(i) order by i desc

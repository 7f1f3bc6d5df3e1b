select null::integer as "a ""b", 1 as "row_number_of_the_input", 2 as d, 3 as i

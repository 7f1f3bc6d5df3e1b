select i as n from range(0, 101) t(i)

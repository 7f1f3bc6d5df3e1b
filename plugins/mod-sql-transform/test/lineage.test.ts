import { openDeriving } from "./support/derive.js";
import type { Deriving } from "./support/derive.js";

describe("lineage out of SQL", () => {
  let deriving: Deriving;
  beforeAll(async () => {
    deriving = await openDeriving(`
      create table o (id bigint, customer bigint, kind varchar, amount decimal(9, 2), day date, s struct(f varchar, n int));
      create table c (id bigint, name varchar, country varchar);
    `);
  });
  afterAll(() => deriving.close());

  test.each<[string, string[]]>([
    ["select id, amount as a from o", ["id=o.id:i", "a=o.amount:i"]],
    ["from o select kind", ["kind=o.kind:i"]],
    ["select o.id, c.name from o join c on o.customer = c.id", ["id=o.id:i", "name=c.name:i"]],
    ["select x.id from c as x", ["id=c.id:i"]],
    ["select ID, Amount from O", ["id=o.id:i", "amount=o.amount:i"]],
    ["select amount * 2 as a, upper(kind) as k, 1 as one from o", ["a=o.amount:t", "k=o.kind:t", "one="]],
    ["select cast(id as varchar) as id from o", ["id=o.id:t"]],
    ["select id + customer as a from o", ["a=o.customer:t+o.id:t"]],
    ["select kind, sum(amount) as s, count(*) as n from o group by kind", ["kind=o.kind:i", "s=o.amount:a", "n="]],
    ["select round(sum(amount)) as s from o", ["s=o.amount:a"]],
    ["select sum(amount) filter (where kind = 'a') as s from o", ["s=o.amount:a+o.kind:a"]],
    ["select case when kind = 'a' then amount else 0 end as x from o", ["x=o.amount:t+o.kind:t"]],
    ["select coalesce(name, country) as n from c", ["n=c.country:t+c.name:t"]],
    ["select sum(amount) over (partition by kind) as w from o", ["w=o.amount:a"]],
    ["select lag(amount) over (order by day) as w from o", ["w=o.amount:t"]],
    ["select row_number() over (partition by kind order by day) as r from o", ["r=o.day:t+o.kind:t"]],
    ["select * from c", ["id=c.id:i", "name=c.name:i", "country=c.country:i"]],
    ["select c.*, o.kind from o, c", ["id=c.id:i", "name=c.name:i", "country=c.country:i", "kind=o.kind:i"]],
    [
      "select * exclude (name) replace (id + 1 as id) rename (country as land) from c",
      ["id=c.id:t", "land=c.country:i"],
    ],
    ["select columns('na.*') from c", ["name=c.name:i"]],
    ["select columns(x -> x = 'name'), id as z from c", ["z=c.id:i", "name?"]],
    [
      "select * from c join o using (id)",
      [
        "id=c.id:i",
        "name=c.name:i",
        "country=c.country:i",
        "customer=o.customer:i",
        "kind=o.kind:i",
        "amount=o.amount:i",
        "day=o.day:i",
        "s=o.s:i",
      ],
    ],
    ["select id from c left join o using (id)", ["id=c.id:i"]],
    ["select id from c right join o using (id)", ["id=o.id:i"]],
    ["select id from c full join o using (id)", ["id=c.id:t+o.id:t"]],
    ["select id from c natural join o", ["id=c.id:i"]],
    ["select * from c semi join o using (id)", ["id=c.id:i", "name=c.name:i", "country=c.country:i"]],
    [
      "with a as (select id as x, name from c), b as (select x, name as n from a) select n, x from b",
      ["n=c.name:i", "x=c.id:i"],
    ],
    ["with a(p, q) as (select id, name from c) select q from a", ["q=c.name:i"]],
    ["with o as (select name as kind from c) select kind from o", ["kind=c.name:i"]],
    ["select z from (select sum(amount) as z from o) as t", ["z=o.amount:a"]],
    ["select k.b from (select id, name from c) as k(a, b)", ["b=c.name:i"]],
    ["select id from o union all select id from c", ["id=c.id:i+o.id:i"]],
    ["select kind from o union select name from c union select country from c", ["kind=c.country:i+c.name:i+o.kind:i"]],
    ["select id from o union all select name from c", ["id=c.name:i+o.id:t"]],
    [
      "select id, kind from o union by name select name as kind, id, country from c",
      ["id=c.id:i+o.id:i", "kind=c.name:i+o.kind:i", "country=c.country:i"],
    ],
    ["select id from o except select id from c", ["id=o.id:i"]],
    ["select (select max(name) from c where c.id = o.customer) as n from o", ["n=c.name:a"]],
    ["select (select o.kind from c limit 1) as n from o", ["n=o.kind:i"]],
    ["select kind in (select name from c) as x from o", ["x=c.name:t+o.kind:t"]],
    ["select exists (select 1 from c) as x, id from o", ["id=o.id:i", "x?"]],
    ["select id as a, a + 1 as b from o", ["a=o.id:i", "b=o.id:t"]],
    ["select s.f as f, o.s.n as n, s as whole from o", ["f=o.s:t", "n=o.s:t", "whole=o.s:i"]],
    ["select list_transform([1], lambda id : id + amount) as l from o", ["l=o.amount:t"]],
    ["select l.q from o, lateral (select o.amount + 1 as q) as l", ["q=o.amount:t"]],
    ["select v.b from (values (1, 2)) as v(a, b)", ["b="]],
    ["select u.x, id from o, unnest([o.kind]) as u(x)", ["x=o.kind:t", "id=o.id:i"]],
    ["select unnest(s), id as z from o", ["z=o.id:i", "f?", "n?"]],
    ["select o as r from o", ["r?"]],
    [
      "pivot (select kind, amount, day from o) on kind in ('a', 'b') using sum(amount)",
      ["day=o.day:i", "a=o.amount:a+o.kind:a", "b=o.amount:a+o.kind:a"],
    ],
    [
      "pivot o on kind in ('a', 'b') using sum(amount) as s, max(id) as m group by day",
      [
        "day=o.day:i",
        "a_s=o.amount:a+o.kind:a",
        "a_m=o.id:a+o.kind:a",
        "b_s=o.amount:a+o.kind:a",
        "b_m=o.id:a+o.kind:a",
      ],
    ],
    ["unpivot c on name, country into name what value v", ["id=c.id:i", "what=", "v=c.country:i+c.name:i"]],
    [
      "with recursive r as (select id as a, customer as b, 0 as n from o union all select b, a, n + 1 from r where n < 3) select a, n from r",
      ["a=o.customer:i+o.id:i", "n="],
    ],
    [
      "summarize o",
      [
        "column_name?",
        "column_type?",
        "min?",
        "max?",
        "approx_unique?",
        "avg?",
        "std?",
        "q25?",
        "q50?",
        "q75?",
        "count?",
        "null_percentage?",
      ],
    ],
    ["select id from o qualify row_number() over (partition by kind order by day) = 1", ["id=o.id:i"]],
  ])("%s", async (query, expected) => {
    expect((await deriving.inShort(query)).sort()).toEqual([...expected].sort());
  });
});

-- One row an account and year. Amounts come as texts in thousands of dollars, such as "-566,000".
with numbered as (select row_number() over () as account_id, * from input),
years as (
  unpivot numbered
  on columns(c -> regexp_matches(c, '^[0-9]{4}$'))
  into name fiscal_year value written
)
select account_id,
       "Account code" as account_code,
       "Account name" as account,
       "Agency name" as agency,
       "Source category name" as category,
       fiscal_year::integer as fiscal_year,
       replace(trim(written), ',', '')::decimal(18,0) as amount
from years
where fiscal_year::integer <= $last_year
order by account_id, fiscal_year

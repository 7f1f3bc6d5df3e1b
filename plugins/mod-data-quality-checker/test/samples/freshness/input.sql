select * from (values (timestamptz '2024-05-01 10:00:00+00', date '2024-05-01', '2024-05-01T09:00:00Z', '2030-01-01')) as t("at", day, text, future)

import path from "node:path";
import { datasetName, datasetUri } from "../../src/ledger/dataset-name.js";

it.each([
  ["/data/customers.csv", "file", "/data/customers.csv"],
  ["/data/ä b#c?.csv", "file", "/data/ä b#c?.csv"],
  ["relative.csv", "file", path.resolve("relative.csv")],
  ["file:///data/a%20b.csv", "file", "/data/a b.csv"],
  ["s3://bucket/a/b.parquet", "s3://bucket", "a/b.parquet"],
  ["s3://bucket", "s3://bucket", "/"],
  ["postgresql://user:secret@db:5432/shop/public.orders?sslmode=require", "postgresql://db:5432", "shop/public.orders"],
  ["https://example.org/api/orders?token=secret", "https://example.org", "api/orders"],
  ["not://a valid url", "file", path.resolve("not://a valid url")],
])("%s is %s, %s", (uri, namespace, name) => {
  expect(datasetName(uri)).toEqual({ namespace, name });
});

it("leaves credentials and queries out of the URI, which is one", () => {
  expect(datasetUri("postgresql://user:secret@db:5432/shop/t?x=secret")).toBe("postgresql://db:5432/shop/t");
  expect(datasetUri("/data/ä b#c?.csv")).toBe("file:///data/%C3%A4%20b%23c%3F.csv");
});

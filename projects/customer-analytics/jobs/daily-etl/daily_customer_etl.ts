// The same night in TypeScript: the job of daily_customer_etl.yaml step by step, for those who want to decide in between.
// datapy run-script jobs/daily-etl/daily_customer_etl.ts
import { runMod, setupLogger } from "@datapy/sdk";
import makeViewings from "../../mods/make-viewings.ts";

const day = "2024-08-12";
const log = setupLogger("daily_customer_etl");
const failOnError = true;

const films = await runMod(
  "csv-reader",
  {
    input_path: "data/movies.csv",
    delimiter: ",",
    columns: { "Release Date": { type: "DATE", format: "%b %d %Y" }, "IMDB Rating": "DOUBLE" },
  },
  { step: "read_films", failOnError },
);
log.info("films read", { rows: films.metrics["rows_output"], set_aside: films.metrics["rows_rejected"] });

const clean = await runMod(
  "data-cleaner",
  {
    input_artifact: films.artifacts["output_data"],
    select: [
      "Title",
      "Release Date",
      "Major Genre",
      "Distributor",
      "MPAA Rating",
      "US Gross",
      "Production Budget",
      "IMDB Rating",
    ],
    rename: {
      Title: "title",
      "Release Date": "released_on",
      "Major Genre": "genre",
      Distributor: "distributor",
      "MPAA Rating": "age_rating",
      "US Gross": "us_gross",
      "Production Budget": "budget",
      "IMDB Rating": "rating",
    },
    trim: true,
    cast: { us_gross: "BIGINT", budget: "BIGINT" },
    on_bad_row: "quarantine",
  },
  { step: "clean_films", failOnError },
);

const checked = await runMod(
  "validator",
  {
    input_artifact: clean.artifacts["output_data"],
    rules: [
      { name: "has_title", check: "required", column: "title" },
      { name: "is_out", check: "range", column: "released_on", max: "2012-12-31" },
      { name: "rating_of_ten", check: "range", column: "rating", min: 0, max: 10 },
      { name: "one_row_a_film", check: "unique", columns: ["title", "released_on"] },
    ],
    max_bad_fraction: 0.05,
  },
  { step: "check_films", failOnError },
);
const table = checked.artifacts["output_data"];

await runMod(
  "database-writer",
  { input_artifact: table, table_name: "films", write_mode: "upsert", key_columns: ["title", "released_on"] },
  { step: "load_films", failOnError },
);
// A mod that is imported: the compiler knows its parameters and its artifacts.
const viewings = await runMod(
  makeViewings,
  { input_artifact: table ?? "", day },
  { step: "make_viewings", failOnError },
);
await runMod(
  "database-writer",
  { input_artifact: viewings.artifacts.output_data, table_name: "viewings", load_id: `viewings ${day}` },
  { step: "load_viewings", failOnError },
);

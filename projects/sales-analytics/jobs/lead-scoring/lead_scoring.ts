// Which airports to call first: the address book's airports, scored by the traffic that they have, into the table `leads`.
// datapy run-script jobs/lead-scoring/lead_scoring.ts
import { runMod, setupLogger } from "@datapy/sdk";

const log = setupLogger("lead_scoring");
const failOnError = true;

const [airports, flights] = await Promise.all([
  runMod(
    "api-client",
    {
      path: "/leads",
      records_path: "leads",
      pagination: { type: "cursor", cursor_path: "next", cursor_parameter: "cursor" },
      columns: {
        iata: "VARCHAR",
        name: "VARCHAR",
        city: "VARCHAR",
        state: "VARCHAR",
        country: "VARCHAR",
        latitude: { type: "DOUBLE", path: "position.latitude" },
        longitude: { type: "DOUBLE", path: "position.longitude" },
      },
      on_empty: "fail",
    },
    { step: "read_airports", failOnError },
  ),
  runMod(
    "csv-reader",
    { input_path: "data/flights-airport.csv", delimiter: ",", header: true, columns: { count: "BIGINT" } },
    { step: "read_flights", failOnError },
  ),
]);
log.info("read", { airports: airports.metrics["rows_output"], routes: flights.metrics["rows_output"] });

const scored = await runMod(
  "sql-transform",
  {
    input_artifacts: { airports: airports.artifacts["output_data"], flights: flights.artifacts["output_data"] },
    query: `
      with ends as (
        select origin as iata, destination as other, count from flights
        union all
        select destination, origin, count from flights
      ),
      traffic as (
        select iata, sum(count)::bigint as movements, count(distinct other) as connections from ends group by iata
      )
      select iata, name, city, state, country, movements, connections,
             round(70 * ln(1 + movements) / ln(1 + max(movements) over ())
                 + 30 * connections / max(connections) over ())::integer as score
      from airports join traffic using (iata)
      order by score desc, iata`,
  },
  { step: "score", failOnError },
);
await runMod(
  "database-writer",
  { input_artifact: scored.artifacts["output_data"], table_name: "leads", write_mode: "upsert", key_columns: ["iata"] },
  { step: "load_leads", failOnError },
);
log.info("leads scored", { rows: scored.metrics["rows_output"] });

import { csvReader } from "./csv-reader.js";

export default csvReader;

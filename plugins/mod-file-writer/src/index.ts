export { fileWriter as default } from "./file-writer.js";

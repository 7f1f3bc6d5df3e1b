export { fileReader as default } from "./file-reader.js";

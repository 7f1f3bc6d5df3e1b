export { guessParameters } from "./guess-parameters.js";
export type { GuessReport, GuessRequest } from "./guess-parameters.js";

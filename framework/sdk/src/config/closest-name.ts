// The light path: start-up shall not load the rest of mod-kit for it.
export { closestName } from "@datapy/mod-kit/closest-name";

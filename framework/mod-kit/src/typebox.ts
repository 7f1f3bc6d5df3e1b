/**
 * The one file that imports TypeBox at run time. Its 300 CommonJS files take longer to load than Node itself to start, and every
 * mod loads them; the build therefore replaces this file's output by a bundle of TypeBox's own ES modules (`build-assets.mjs`).
 * Without that step it works the same, only slower.
 */
export { Type } from "@sinclair/typebox";

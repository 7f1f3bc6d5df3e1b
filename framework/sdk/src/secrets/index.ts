export { createMasker } from "./masker.js";
export type { StreamMasker } from "./masker.js";
export type { Masker } from "./masker-types.js";
export { createMaskingStream } from "./masking-stream.js";
export { maskProcessOutput } from "./mask-process-output.js";
export type { SecretContext, SecretProvider, SecretProviderModule } from "./secret-provider.js";

import { Flags } from "../oclif.js";

/** Flags of commands that look at a job file without running it: what a run would be given. */
export const JOB_FILE_FLAGS = {
  set: Flags.string({
    multiple: true,
    multipleNonGreedy: true,
    helpValue: "KEY=VALUE",
    description: "Set one parameter, as a run does.",
  }),
  env: Flags.string({
    helpValue: "NAME",
    description: "Environment of project_defaults.yaml to use. Default: DATAPY_ENV.",
  }),
};

import { ByteSize, Duration, Type } from "@datapy/mod-kit";
import type { Static } from "@datapy/mod-kit";

const anything = Type.Unknown();
const mapping = Type.Union([Type.Record(Type.String(), anything), Type.Null()]);

const layers = {
  mod_defaults: Type.Optional(
    Type.Union([Type.Record(Type.String(), mapping), Type.Null()], {
      description: "Parameters of mods, by mod; jobs override them",
    }),
  ),
  globals: Type.Optional(
    Type.Union([Type.Record(Type.String(), anything), Type.Null()], {
      description: "Values for every mod that has a parameter of the name, and for references: ${globals.NAME}",
    }),
  ),
  logging: Type.Optional(
    Type.Union(
      [
        Type.Object(
          {
            base_path: Type.Optional(
              Type.String({ minLength: 1, description: "Folder of log files; a relative one is taken from this file" }),
            ),
            level: Type.Optional(
              Type.String({
                examples: ["DEBUG", "INFO", "WARNING", "ERROR"],
                description: "Least severe level that is logged",
              }),
            ),
            format: Type.Optional(
              Type.Union([Type.Literal("json"), Type.Literal("pretty")], {
                description: "Form of log lines on stderr",
              }),
            ),
            retention_days: Type.Optional(
              Type.Number({ minimum: 0, description: "Age in days past which log files are deleted" }),
            ),
          },
          { additionalProperties: false },
        ),
        Type.Null(),
      ],
      { description: "Where and how the project's runs log" },
    ),
  ),
};

/** `project_defaults.yaml`. Keys that begin with `x-` are a project's own; `${project.…}` reaches them. */
export const ProjectSchema = Type.Object(
  {
    project_name: Type.Optional(Type.String({ minLength: 1, description: "Name of the project" })),
    project_version: Type.Optional(
      Type.Union([Type.String(), Type.Number()], { description: "Version of the project" }),
    ),
    description: Type.Optional(Type.String()),
    owner: Type.Optional(anything),
    tags: Type.Optional(Type.Array(Type.String())),
    vars: Type.Optional(
      Type.Unknown({ description: "Values of the project's own, for references: ${project.vars.NAME}" }),
    ),
    ...layers,
    environments: Type.Optional(
      Type.Union(
        [
          Type.Record(
            Type.String(),
            Type.Union([
              Type.Object({ description: Type.Optional(Type.String()), ...layers }, { additionalProperties: false }),
              Type.Null(),
            ]),
          ),
          Type.Null(),
        ],
        { description: "Overlays by name, chosen with --env or DATAPY_ENV" },
      ),
    ),
    retention: Type.Optional(
      Type.Object(
        {
          artifacts: Type.Optional(
            Type.Object(
              {
                older_than: Type.Optional(
                  Duration({ description: "Artifacts of sessions that wrote none for so long are removed" }),
                ),
                max_size: Type.Optional(
                  ByteSize({ description: "Then the oldest go until all take no more than this" }),
                ),
              },
              { additionalProperties: false },
            ),
          ),
        },
        {
          additionalProperties: false,
          description: "What is removed when a session ends; what a running or resumable session needs stays",
        },
      ),
    ),
    secrets: Type.Optional(
      Type.Object(
        {
          providers: Type.Optional(
            Type.Union([Type.Array(Type.String()), Type.Record(Type.String(), mapping), Type.Null()], {
              description: "Providers that ${secret.PROVIDER.…} may ask. Default env and file",
            }),
          ),
        },
        { additionalProperties: false },
      ),
    ),
  },
  {
    $id: "urn:datapy:schema:project",
    title: "DataPy project",
    additionalProperties: false,
    patternProperties: { "^x-": {} },
  },
);

/** A project file, as written. */
export type ProjectDefaults = Static<typeof ProjectSchema>;

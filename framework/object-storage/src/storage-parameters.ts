import { Duration, Path, Secret, Type } from "@datapy/mod-kit";

/** Parameters by which a mod is told where its store is and who it is there. Spread them into the mod's own. */
export const storageParameters = {
  region: Type.Optional(
    Type.String({
      minLength: 1,
      description: "Region of the bucket. Default: as the AWS settings say (`AWS_REGION`, profile), else `us-east-1`",
    }),
  ),
  endpoint_url: Type.Optional(
    Type.String({
      pattern: "^https?://[^\\s/?#]+(?:/[^\\s?#]*)?$",
      description: "Address of a store other than Amazon's, such as `https://minio.example.com:9000`",
    }),
  ),
  path_style: Type.Optional(
    Type.Boolean({
      description: "Put the bucket into the path, not into the host name. Default: `true` with `endpoint_url`",
    }),
  ),
  access_key_id: Type.Optional(
    Secret({ description: "Access key. Default: AWS's own chain (environment, profile, SSO, container, instance)" }),
  ),
  secret_access_key: Type.Optional(Secret({ description: "Secret of the access key" })),
  session_token: Type.Optional(Secret({ description: "Token of temporary credentials" })),
  profile: Type.Optional(
    Type.String({ minLength: 1, description: "Profile of the AWS configuration files. Default: `AWS_PROFILE`" }),
  ),
  anonymous: Type.Boolean({ default: false, description: "Send no credentials, for a public bucket" }),
  tls_ca_file: Type.Optional(Path({ description: "Certificates of trusted authorities (PEM), beside the usual ones" })),
  connect_timeout: Duration({ default: "10s", description: "Longest wait for a connection" }),
  timeout: Duration({ default: "2m", description: "Longest silence of the store within a request" }),
  max_retries: Type.Integer({
    default: 5,
    minimum: 0,
    maximum: 100,
    description: "New tries of a request whose failure may pass by itself",
  }),
};

/** The values of {@link storageParameters}. */
export interface StorageValues {
  readonly region?: string;
  readonly endpoint_url?: string;
  readonly path_style?: boolean;
  readonly access_key_id?: string;
  readonly secret_access_key?: string;
  readonly session_token?: string;
  readonly profile?: string;
  readonly anonymous: boolean;
  readonly tls_ca_file?: string;
  /** Milliseconds. */
  readonly connect_timeout: number;
  /** Milliseconds. */
  readonly timeout: number;
  readonly max_retries: number;
}

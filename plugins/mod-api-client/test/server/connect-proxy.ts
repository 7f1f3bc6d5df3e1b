import { createServer } from "node:http";
import type { IncomingMessage, Server } from "node:http";
import { connect } from "node:net";
import type { AddressInfo, Socket } from "node:net";

/** A proxy that makes tunnels, and knows some names that nobody else does. */
export class ConnectProxy {
  /** What was asked for: `host:port`, and the credentials. */
  readonly asked: { readonly target: string; readonly authorization: string | undefined }[] = [];
  /** Answer to the next requests; 200 connects. */
  answer = 200;
  readonly #sockets = new Set<Socket>();

  private constructor(
    readonly server: Server,
    private readonly names: ReadonlyMap<string, string>,
  ) {}

  static async start(names: Readonly<Record<string, string>> = {}): Promise<ConnectProxy> {
    const server = createServer((_, response) => response.writeHead(405).end());
    const proxy = new ConnectProxy(server, new Map(Object.entries(names)));
    server.on("connect", (request: IncomingMessage, client: Socket) => proxy.#tunnel(request, client));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  #tunnel(request: IncomingMessage, client: Socket): void {
    const target = request.url ?? "";
    this.asked.push({ target, authorization: request.headers["proxy-authorization"] });
    client.on("error", () => undefined);
    if (this.answer !== 200) {
      client.end(`HTTP/1.1 ${String(this.answer)} No\r\n\r\n`);
      return;
    }
    const { hostname, port } = new URL(`tcp://${target}`);
    const server = connect(Number(port), this.names.get(hostname) ?? hostname, () => {
      client.write("HTTP/1.1 200 OK\r\n\r\n");
      server.pipe(client).pipe(server);
    });
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.on("error", () => {
        client.destroy();
        server.destroy();
      });
    }
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

import { Readable } from "node:stream";
import type { Connection } from "pg";
import type { Socket } from "node:net";

/** What node-postgres calls on a query object that it is handed (`client.query(submittable)`). */
interface Message {
  readonly text?: string;
}

const COPY_DATA = 0x64; // 'd'
const COPY_DONE = 0x63; // 'c'
const COPY_FAIL = 0x66; // 'f'
const ERROR_RESPONSE = 0x45; // 'E'

interface WireConnection extends Connection {
  readonly stream: Socket;
  query(text: string): void;
}

function rowsOf(message: Message): number {
  return Number(/COPY (\d+)/.exec(message.text ?? "")?.[1] ?? Number.NaN);
}

/** `COPY … FROM STDIN`: chunks of any size, at any row boundary or none, go to the server as they come. */
export class CopyIn {
  private socket: Socket | undefined;
  private rows = Number.NaN;
  /** Resolves when the server wants data; rejects when it refuses the statement. */
  readonly ready: Promise<void>;
  /** Resolves with the rows that the server counted; rejects with its error. */
  readonly done: Promise<number>;
  private isReady!: () => void;
  private isDone!: (rows: number) => void;
  private failed!: (error: unknown) => void;

  constructor(private readonly text: string) {
    const ready = new Promise<void>((resolve) => (this.isReady = resolve));
    this.done = new Promise<number>((resolve, reject) => {
      this.isDone = resolve;
      this.failed = reject;
    });
    this.ready = Promise.race([ready, this.done.then(() => undefined)]);
    this.done.catch(() => undefined);
    this.ready.catch(() => undefined);
  }

  /** Sends a chunk; `false` when the socket wants a pause (wait for {@link drained}). */
  write(chunk: Buffer): boolean {
    if (this.socket === undefined) return true;
    const header = Buffer.allocUnsafe(5);
    header[0] = COPY_DATA;
    header.writeUInt32BE(chunk.length + 4, 1);
    this.socket.cork();
    this.socket.write(header);
    const more = this.socket.write(chunk);
    this.socket.uncork();
    return more;
  }

  drained(action: () => void): void {
    this.socket?.once("drain", action);
  }

  end(): void {
    this.socket?.write(Buffer.from([COPY_DONE, 0, 0, 0, 4]));
  }

  /** Makes the server undo the statement. */
  fail(reason: string): void {
    const text = Buffer.from(`${reason.replaceAll("\0", " ")}\0`);
    const message = Buffer.allocUnsafe(5 + text.length);
    message[0] = COPY_FAIL;
    message.writeUInt32BE(text.length + 4, 1);
    text.copy(message, 5);
    this.socket?.write(message);
  }

  submit(connection: WireConnection): void {
    connection.query(this.text);
  }
  handleCopyInResponse(connection: WireConnection): void {
    this.socket = connection.stream;
    this.isReady();
  }
  handleCommandComplete(message: Message): void {
    this.rows = rowsOf(message);
  }
  handleReadyForQuery(): void {
    this.isDone(this.rows);
  }
  handleError(error: unknown): void {
    this.socket = undefined;
    this.failed(error);
  }
}

/**
 * `COPY … TO STDOUT` as a stream of the rows' text. The server sends each row in a message of its own; the messages' heads are cut out
 * of the socket's chunks by moving bytes, without an object a row. While data flows, this stream reads the socket in the place of
 * node-postgres' parser, and hands the socket back with the first message that is not data.
 */
export class CopyOut extends Readable {
  private connection: WireConnection | undefined;
  private parser: ((chunk: Buffer) => void) | undefined;
  private head = Buffer.allocUnsafe(5);
  private headFilled = 0;
  private payloadLeft = 0;
  private inPayload = false;
  private isData = false;
  private rows = Number.NaN;
  private ended = false;
  /** Resolves with the rows that the server counted, rejects with its error. */
  readonly done: Promise<number>;
  private isDone!: (rows: number) => void;
  private failed!: (error: unknown) => void;

  constructor(private readonly text: string) {
    super({ highWaterMark: 1 << 20 });
    this.done = new Promise<number>((resolve, reject) => {
      this.isDone = resolve;
      this.failed = reject;
    });
    this.done.catch(() => undefined);
  }

  submit(connection: WireConnection): void {
    this.connection = connection;
    const socket = connection.stream;
    const listeners = socket.listeners("data") as ((chunk: Buffer) => void)[];
    this.parser = listeners[0];
    if (this.parser === undefined || listeners.length !== 1) {
      throw new Error("node-postgres reads its socket in a way that is not known");
    }
    socket.removeListener("data", this.parser);
    socket.on("data", this.onData);
    socket.resume();
    connection.query(this.text);
  }

  private readonly onData = (chunk: Buffer): void => {
    const out = Buffer.allocUnsafe(chunk.length);
    let filled = 0;
    let position = 0;
    while (position < chunk.length) {
      if (!this.inPayload) {
        const take = Math.min(5 - this.headFilled, chunk.length - position);
        chunk.copy(this.head, this.headFilled, position, position + take);
        this.headFilled += take;
        position += take;
        if (this.headFilled < 5) break;
        const code = this.head[0] as number;
        this.payloadLeft = this.head.readUInt32BE(1) - 4;
        this.isData = code === COPY_DATA;
        // 'H' CopyOutResponse, 'S' ParameterStatus, 'N' NoticeResponse, 'A' NotificationResponse and 'T'/'C' of the statement itself
        // are passed over; an error or the end of the data goes back to the parser, with its head.
        if (code === COPY_DONE || code === ERROR_RESPONSE) {
          const rest = Buffer.concat([this.head, chunk.subarray(position)]);
          if (filled > 0) this.push(out.subarray(0, filled));
          this.giveBack(code === COPY_DONE ? rest.subarray(5) : rest);
          return;
        }
        this.headFilled = 0;
        this.inPayload = this.payloadLeft > 0;
        continue;
      }
      const take = Math.min(this.payloadLeft, chunk.length - position);
      if (this.isData) {
        chunk.copy(out, filled, position, position + take);
        filled += take;
      }
      position += take;
      this.payloadLeft -= take;
      if (this.payloadLeft === 0) this.inPayload = false;
    }
    if (filled > 0 && !this.push(out.subarray(0, filled))) this.connection?.stream.pause();
  };

  private giveBack(rest: Buffer): void {
    const socket = this.connection?.stream;
    const parser = this.parser;
    this.parser = undefined;
    if (socket === undefined || parser === undefined) return;
    socket.removeListener("data", this.onData);
    socket.on("data", parser);
    socket.resume();
    if (rest.length > 0) parser(rest);
  }

  override _read(): void {
    if (this.parser !== undefined) this.connection?.stream.resume();
  }

  handleCommandComplete(message: Message): void {
    this.rows = rowsOf(message);
  }
  handleReadyForQuery(): void {
    this.finishStream();
    this.isDone(this.rows);
  }
  handleError(error: unknown): void {
    this.failed(error);
    this.destroy(error instanceof Error ? error : new Error(String(error)));
  }
  private finishStream(): void {
    if (this.ended || this.destroyed) return;
    this.ended = true;
    this.push(null);
  }
}

import { BlockList, isIP } from "node:net";
import { lookup as systemLookup } from "node:dns";
import type { LookupAddress, LookupOptions } from "node:dns";
import { apiError } from "../api-errors.js";

/** A resolver in the shape of `dns.lookup` with `all: true`. */
export type Resolve = (
  host: string,
  options: LookupOptions & { all: true },
  done: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

type LookupDone = (error: Error | null, address: string | readonly LookupAddress[], family?: number) => void;

/** Ranges that no public service has, by IANA's registries of special-purpose addresses. */
const SPECIAL_4 = [
  "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
  "192.0.2.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
]; // prettier-ignore
const SPECIAL_6 = ["::/128", "::1/128", "100::/64", "2001:db8::/32", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8"];
const LINK_LOCAL = ["169.254.0.0/16", "fe80::/10"];

function listOf(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [net = "", bits = ""] = range.split("/");
    list.addSubnet(net, Number(bits), net.includes(":") ? "ipv6" : "ipv4");
  }
  return list;
}

/**
 * Decides, when a connection is made and DNS has answered, whether it may go to that address. Hosts that the configuration names may be
 * private: by a literal address always, by name when they were so from their first answer on. A name that was public and is private at
 * the next answer is refused (DNS rebinding), and so is every name that leads to a link-local address, where clouds keep credentials.
 */
export class AddressGuard {
  readonly #special = listOf([...SPECIAL_4, ...SPECIAL_6]);
  readonly #linkLocal = listOf(LINK_LOCAL);
  readonly #configured: ReadonlySet<string>;
  /** Whether a configured name was private at its first answer. */
  readonly #wasPrivate = new Map<string, boolean>();
  readonly #resolve: Resolve;

  constructor(configuredHosts: readonly string[], resolve: Resolve = systemLookup) {
    this.#configured = new Set(configuredHosts.map(bare));
    this.#resolve = resolve;
  }

  /** Throws `API_ADDRESS_REFUSED` when `host` may not be reached at `address`. */
  check(host: string, address: string): void {
    const name = bare(host);
    if (!this.#isIn(this.#special, address)) {
      if (!this.#wasPrivate.has(name)) this.#wasPrivate.set(name, false);
      return;
    }
    if (this.#configured.has(name)) {
      if (isIP(name) !== 0) return;
      if (!this.#isIn(this.#linkLocal, address) && this.#wasPrivate.get(name) !== false) {
        this.#wasPrivate.set(name, true);
        return;
      }
    }
    throw apiError(
      "API_ADDRESS_REFUSED",
      `${host} leads to ${address}, which is a private, loopback, link-local or reserved address`,
    );
  }

  /** In the shape that `net.connect` takes. Gives only addresses that {@link check} lets pass. */
  readonly lookup = (host: string, options: LookupOptions, done: LookupDone): void => {
    this.#resolve(host, { ...options, all: true }, (error, addresses) => {
      if (error !== null) {
        done(error, []);
        return;
      }
      let refusal: unknown = apiError("API_UNREACHABLE", `${host} has no address`);
      const allowed = addresses.filter(({ address }) => {
        try {
          this.check(host, address);
          return true;
        } catch (refused) {
          refusal = refused;
          return false;
        }
      });
      const [first] = allowed;
      if (first === undefined) done(refusal as Error, []);
      else if (options.all === true) done(null, allowed);
      else done(null, first.address, first.family);
    });
  };

  /**
   * For a host that a proxy is going to reach: the same check of what its name leads to here, since where it leads there cannot be seen.
   * Only a host that the configuration names may have a name that is known to the proxy alone.
   */
  async checkBehindProxy(host: string): Promise<void> {
    const name = bare(host);
    if (isIP(name) !== 0) {
      this.check(name, name);
      return;
    }
    const found = await new Promise<readonly LookupAddress[]>((resolve) => {
      this.#resolve(name, { all: true }, (error, addresses) => resolve(error === null ? addresses : []));
    });
    // Every one: the proxy may take any of them.
    for (const { address } of found) this.check(name, address);
    if (found.length === 0 && !this.#configured.has(name))
      throw apiError(
        "API_ADDRESS_REFUSED",
        `${host} has no address here, so that nobody can tell whether it is private where the proxy is`,
      );
  }

  #isIn(list: BlockList, address: string): boolean {
    if (isIP(address) !== 6) return list.check(address, "ipv4");
    const inner = embedded(address);
    return inner === undefined ? list.check(address, "ipv6") : list.check(inner, "ipv4");
  }
}

/** A host as one compares it: lower case, without brackets and the dot of the root. */
function bare(host: string): string {
  return host
    .toLowerCase()
    .replace(/^\[|\]$/g, "")
    .replace(/\.$/, "");
}

/** The IPv4 address inside an IPv6 one: mapped, compatible, NAT64 and 6to4. */
function embedded(address: string): string | undefined {
  const words = hextets(address);
  const zeros = (count: number): boolean => words.slice(0, count).every((word) => word === 0);
  const v4 = (high = 0, low = 0): string => [high >> 8, high & 255, low >> 8, low & 255].join(".");
  if (zeros(5) && words[5] === 0xffff) return v4(words[6], words[7]);
  if (zeros(6) && (words[6] ?? 0) !== 0) return v4(words[6], words[7]);
  if (words[0] === 0x64 && words[1] === 0xff9b) return v4(words[6], words[7]);
  if (words[0] === 0x2002) return v4(words[1], words[2]);
  return undefined;
}

function hextets(address: string): readonly number[] {
  // The URL parser writes the address in its one canonical form.
  const text = new URL(`http://[${address.replace(/%.*$/, "")}]`).hostname.slice(1, -1);
  const [head = "", tail] = text.split("::");
  const words = (part: string): number[] =>
    part === "" ? [] : part.split(":").map((word) => Number.parseInt(word, 16));
  const before = words(head);
  if (tail === undefined) return before;
  const after = words(tail);
  return [...before, ...new Array<number>(8 - before.length - after.length).fill(0), ...after];
}

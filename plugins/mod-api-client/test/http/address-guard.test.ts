import type { LookupAddress } from "node:dns";
import { AddressGuard } from "../../src/http/address-guard.js";

const refuses = (guard: AddressGuard, host: string, address: string): boolean => {
  try {
    guard.check(host, address);
    return false;
  } catch {
    return true;
  }
};

test.each([
  "127.0.0.1",
  "10.1.2.3",
  "172.16.0.1",
  "172.31.255.255",
  "192.168.0.1",
  "169.254.169.254",
  "100.64.0.1",
  "0.0.0.0",
  "224.0.0.1",
  "255.255.255.255",
  "::1",
  "::",
  "fe80::1",
  "fe80::1%eth0",
  "fc00::1",
  "fd12:3456::1",
  "ff02::1",
  "::ffff:127.0.0.1",
  "::ffff:a9fe:a9fe",
  "::127.0.0.1",
  "64:ff9b::10.0.0.1",
  "2002:7f00:1::",
])("%s is private", (address) => {
  expect(refuses(new AddressGuard([]), "api.example.com", address)).toBe(true);
});

test.each(["8.8.8.8", "172.32.0.1", "192.169.0.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])(
  "%s is public",
  (address) => {
    expect(refuses(new AddressGuard([]), "api.example.com", address)).toBe(false);
  },
);

test("a configured host may be private; a name that was public may not become so", () => {
  const guard = new AddressGuard(["API.internal", "[::1]", "rebind.example.com"]);
  expect(refuses(guard, "api.internal.", "10.0.0.1")).toBe(false);
  expect(refuses(guard, "::1", "::1")).toBe(false);
  expect(refuses(guard, "api.internal", "169.254.169.254")).toBe(true);
  expect(refuses(guard, "rebind.example.com", "8.8.8.8")).toBe(false);
  expect(refuses(guard, "rebind.example.com", "127.0.0.1")).toBe(true);
  expect(refuses(new AddressGuard(["169.254.169.254"]), "169.254.169.254", "169.254.169.254")).toBe(false);
});

// A resolver of its own: no test host has DNS answers that change.
test("the lookup gives only addresses that pass", async () => {
  const answers: LookupAddress[] = [
    { address: "10.0.0.1", family: 4 },
    { address: "8.8.4.4", family: 4 },
  ];
  const guard = new AddressGuard([], (_host, _options, done) => done(null, answers));
  const all = await new Promise((resolve) =>
    guard.lookup("x.example.com", { all: true }, (error, found) => resolve(error ?? found)),
  );
  expect(all).toEqual([{ address: "8.8.4.4", family: 4 }]);
  answers.pop();
  const none = await new Promise((resolve) => guard.lookup("x.example.com", {}, (error) => resolve(error)));
  expect(none).toMatchObject({ code: "API_ADDRESS_REFUSED" });
});

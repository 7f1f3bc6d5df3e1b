// XXH64 of a stream, seed 0: the checksum at the end of a Zstandard frame is its low 32 bits.
// Source: "xxHash fast digest algorithm", specification 0.1.1, Yann Collet.
const P1: u64 = 0x9e3779b185ebca87;
const P2: u64 = 0xc2b2ae3d27d4eb4f;
const P3: u64 = 0x165667b19e3779f9;
const P4: u64 = 0x85ebca77c2b2ae63;
const P5: u64 = 0x27d4eb2f165667c5;

let a: u64 = 0;
let b: u64 = 0;
let c: u64 = 0;
let d: u64 = 0;
let total: u64 = 0;
let held: i32 = 0;
const rest: usize = memory.data(32);

export function hashReset(): void {
  a = P1 + P2;
  b = P2;
  c = 0;
  d = 0 - P1;
  total = 0;
  held = 0;
}

function round(sum: u64, lane: u64): u64 {
  return rotl<u64>(sum + lane * P2, 31) * P1;
}

function stripe(p: usize): void {
  a = round(a, load<u64>(p));
  b = round(b, load<u64>(p, 8));
  c = round(c, load<u64>(p, 16));
  d = round(d, load<u64>(p, 24));
}

export function hashUpdate(from: usize, length: i32): void {
  let p = from;
  let left = length;
  total += <u64>length;
  if (held > 0) {
    const take = left < 32 - held ? left : 32 - held;
    memory.copy(rest + held, p, take);
    held += take;
    p += take;
    left -= take;
    if (held < 32) return;
    stripe(rest);
    held = 0;
  }
  while (left >= 32) {
    stripe(p);
    p += 32;
    left -= 32;
  }
  if (left > 0) {
    memory.copy(rest, p, left);
    held = left;
  }
}

function merge(sum: u64, lane: u64): u64 {
  return (sum ^ round(0, lane)) * P1 + P4;
}

/** Low 32 bits of the hash. */
export function hashDigest(): u32 {
  let h: u64;
  if (total >= 32) {
    h = rotl<u64>(a, 1) + rotl<u64>(b, 7) + rotl<u64>(c, 12) + rotl<u64>(d, 18);
    h = merge(merge(merge(merge(h, a), b), c), d);
  } else h = P5;
  h += total;
  let p = rest;
  let left = held;
  while (left >= 8) {
    h = rotl<u64>(h ^ round(0, load<u64>(p)), 27) * P1 + P4;
    p += 8;
    left -= 8;
  }
  if (left >= 4) {
    h = rotl<u64>(h ^ (<u64>load<u32>(p) * P1), 23) * P2 + P3;
    p += 4;
    left -= 4;
  }
  while (left > 0) {
    h = rotl<u64>(h ^ (<u64>load<u8>(p) * P5), 11) * P1;
    p++;
    left--;
  }
  h = (h ^ (h >> 33)) * P2;
  h = (h ^ (h >> 29)) * P3;
  return <u32>(h ^ (h >> 32));
}

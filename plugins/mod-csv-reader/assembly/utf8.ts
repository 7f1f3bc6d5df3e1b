/** Whether the bytes are UTF-8: no overlong form, no surrogate, nothing past U+10FFFF. Source: RFC 3629, section 4. */
export function isUtf8(from: usize, to: usize): bool {
  let p = from;
  while (p < to) {
    if (p + 8 <= to && (load<u64>(p) & 0x8080808080808080) == 0) {
      p += 8;
      continue;
    }
    const c: u32 = load<u8>(p);
    if (c < 0x80) {
      p++;
      continue;
    }
    if (c < 0xc2 || c > 0xf4) return false;
    const more: usize = c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
    if (p + more >= to) return false;
    const d: u32 = load<u8>(p, 1);
    if ((d & 0xc0) != 0x80) return false;
    if (c == 0xe0 && d < 0xa0) return false;
    if (c == 0xed && d > 0x9f) return false;
    if (c == 0xf0 && d < 0x90) return false;
    if (c == 0xf4 && d > 0x8f) return false;
    if (more > 1 && (load<u8>(p, 2) & 0xc0) != 0x80) return false;
    if (more > 2 && (load<u8>(p, 3) & 0xc0) != 0x80) return false;
    p += more + 1;
  }
  return true;
}

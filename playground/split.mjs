// Takes the large parts of a program's memory (presets, the catalogue, pages) out of it, to be loaded from a file of their own.

/** Number of the section that says what is in memory from the start. */
const DATA = 11;
/** Parts from this size on are taken out. */
const LARGE = 64 << 10;

/** The program without them, and them: each an address, a length and bytes. */
export function split(bytes) {
  const sections = [bytes.subarray(0, 8)];
  const parts = [];
  for (let at = 8; at < bytes.length;) {
    const kind = bytes[at];
    const [length, start] = number(bytes, at + 1);
    const section = bytes.subarray(start, start + length);
    const kept = kind === DATA ? emptied(section, parts) : section;
    sections.push(Buffer.from([kind]), encoded(kept.length), kept);
    at = start + length;
  }
  return { code: Buffer.concat(sections), knowledge: Buffer.concat(parts) };
}

/** The section with its large parts empty. */
function emptied(section, parts) {
  let [count, at] = number(section, 0);
  const kept = [encoded(count)];
  for (; count > 0; count -= 1) {
    // Placed in the one memory at a constant address: there is no other kind without threads.
    if (section[at] !== 0 || section[at + 1] !== 0x41) throw new Error("a part of memory of another kind");
    const [address, behind] = signed(section, at + 2);
    const [length, start] = number(section, behind + 1);
    const text = section.subarray(start, start + length);
    if (length >= LARGE) {
      const head = Buffer.alloc(8);
      head.writeUInt32LE(address, 0);
      head.writeUInt32LE(length, 4);
      parts.push(head, text);
      kept.push(section.subarray(at, behind + 1), encoded(0));
    } else {
      kept.push(section.subarray(at, start + length));
    }
    at = start + length;
  }
  return Buffer.concat(kept);
}

/** LEB128, unsigned: the value and where it ends. */
function number(bytes, at) {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++];
    value += (byte & 127) * 2 ** shift;
    if (byte < 128) return [value, at];
  }
}

/** The same of a signed one, which is an address here and so not negative. */
function signed(bytes, at) {
  const [value, behind] = number(bytes, at);
  if (bytes[behind - 1] & 64) throw new Error("a negative address");
  return [value, behind];
}

function encoded(value) {
  const bytes = [];
  do {
    bytes.push((value & 127) | (value > 127 ? 128 : 0));
    value = Math.floor(value / 128);
  } while (value > 0);
  return Buffer.from(bytes);
}

// A project in the fragment of a link: packed text, which no server sees.

/** Most bytes that a link may unpack to. */
const LARGEST = 2 ** 22;
const NAME = "p1=";

export async function pack(project) {
  const bytes = new TextEncoder().encode(JSON.stringify(project));
  const packed = await all(new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate-raw")), LARGEST);
  const text = Array.from(packed, (byte) => String.fromCharCode(byte)).join("");
  return NAME + btoa(text).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** The project of a fragment; null where it carries none, or one that is damaged. */
export async function unpack(fragment) {
  const text = fragment.replace(/^#/, "");
  if (text.startsWith("image=")) return ofImage(decodeURIComponent(text.slice(6)));
  if (!text.startsWith(NAME)) return null;
  try {
    const packed = Uint8Array.from(atob(text.slice(NAME.length).replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
    const bytes = await all(new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate-raw")), LARGEST);
    return checked(JSON.parse(new TextDecoder().decode(bytes)));
  } catch {
    return null;
  }
}

/** A project of one service, for links from a page about an image. */
function ofImage(image) {
  if (!/^[\w./:@-]{1,255}$/.test(image)) return null;
  return { files: { "compose.yaml": `services:\n  app:\n    image: ${image}\n` } };
}

/** Expects what `pack` writes: anybody can make a link. */
function checked(project) {
  const texts = (value) => value && typeof value === "object" && Object.values(value).every((text) => typeof text === "string");
  if (!texts(project.files) || Object.keys(project.files).length === 0) return null;
  const { files, extras = [], assume, explain, presets = {}, decisions = {} } = project;
  if (!Array.isArray(extras) || !texts(presets) || typeof decisions !== "object") return null;
  const kept = Object.entries(decisions ?? {}).filter(([, value]) => typeof value === "boolean");
  return { files, extras: extras.filter((one) => typeof one === "string"), assume: assume === true, explain: explain === true, presets, decisions: Object.fromEntries(kept) };
}

async function all(stream, most) {
  const parts = [];
  let length = 0;
  for (const reader = stream.getReader(); ;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > most) throw new Error("too large");
    parts.push(value);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

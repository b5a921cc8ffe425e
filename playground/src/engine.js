// The program as WebAssembly: a question in, an answer out, both JSON.

/** Unpacks what the page's two scripts carry and returns what starts the program: a function that returns one that answers questions at once. */
export async function start() {
  const response = new Response(unpacked("ENGINE"), { headers: { "content-type": "application/wasm" } });
  const [module, knowledge] = await Promise.all([WebAssembly.compileStreaming(response), new Response(unpacked("KNOWLEDGE")).arrayBuffer()]);
  // Browsers let a page make only small programs without waiting, so the first one is waited for.
  let first = await WebAssembly.instantiate(module);
  return () => {
    const { exports } = first ?? new WebAssembly.Instance(module);
    first = null;
    learn(exports.memory, knowledge);
    return answering(exports);
  };
}

function unpacked(name) {
  const packed = Uint8Array.from(atob(self[name]), (c) => c.charCodeAt(0));
  delete self[name];
  return new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
}

/** Puts presets, catalogue and all other texts where the program has them: parts of an address, a length and bytes. */
function learn(memory, knowledge) {
  const view = new DataView(knowledge);
  for (let at = 0; at < knowledge.byteLength;) {
    const [address, length] = [view.getUint32(at, true), view.getUint32(at + 4, true)];
    new Uint8Array(memory.buffer, address, length).set(new Uint8Array(knowledge, at + 8, length));
    at += 8 + length;
  }
}

function answering({ room, ask, answer, memory }) {
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();
  return (question) => {
    const bytes = encoder.encode(JSON.stringify(question));
    const at = room(bytes.length);
    // Growing takes the old buffer away, so that it is looked up each time.
    new Uint8Array(memory.buffer, at, bytes.length).set(bytes);
    const length = ask();
    return JSON.parse(decoder.decode(new Uint8Array(memory.buffer, answer(), length)));
  };
}

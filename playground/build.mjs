// Puts the page together: `node build.mjs ENGINE.wasm FOLDER`.

import { build } from "esbuild";
import { split } from "./split.mjs";
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";

const [engine, folder] = process.argv.slice(2);
const here = (path) => new URL(path, import.meta.url).pathname;

mkdirSync(folder, { recursive: true });
copyFileSync(here("index.html"), `${folder}/index.html`);
// What the compiler leaves to be made smaller. Memory stays in one piece: its large part is what is taken out.
const small = `${folder}/engine.wasm`;
execFileSync(process.execPath, [
  here("node_modules/binaryen/bin/wasm-opt"), "--gufa", "-Oz", "--const-hoisting", "-Oz", "--skip-pass=memory-packing", "--enable-bulk-memory", "--enable-bulk-memory-opt",
  "--enable-sign-ext", "--enable-mutable-globals", "--enable-nontrapping-float-to-int", "--enable-multivalue", "--enable-reference-types",
  engine, "-o", small,
], { stdio: "inherit" });
const { code, knowledge } = split(readFileSync(small));
rmSync(small);

// The program and what it knows, each packed and in a script: the policy forbids the page every request, so that it cannot fetch a file.
for (const [name, bytes] of [["engine", code], ["knowledge", knowledge]]) {
  // It packs as gzip does, in a twentieth less room.
  const file = `${folder}/${name}`;
  writeFileSync(file, bytes);
  const packed = execFileSync("zopfli", ["-c", file], { maxBuffer: 1 << 24 });
  rmSync(file);
  console.log(`${name}: ${packed.length} bytes packed of ${bytes.length}`);
  writeFileSync(`${folder}/${name}.js`, `self.${name.toUpperCase()}="${packed.toString("base64")}";\n`);
}
await build({
  entryPoints: { app: here("src/main.js") },
  bundle: true, minify: true, format: "iife", target: ["chrome123", "firefox128", "safari17.5"], legalComments: "none", outdir: folder, logLevel: "warning",
});
await build({
  entryPoints: { app: here("src/app.css") },
  bundle: true, minify: true, target: ["chrome123", "firefox128", "safari17.5"], outdir: folder, logLevel: "warning",
});

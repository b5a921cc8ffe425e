const fs = require("node:fs");
const http = require("node:http");
const os = require("node:os");
const path = require("node:path");

const folder = process.env.DATA_DIR ?? "/data";

// Works on a scratch copy first, as upload handlers do, and then keeps the memo.
function save(memo) {
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "memo-"));
  fs.writeFileSync(path.join(scratch, "memo.txt"), memo);
  fs.mkdirSync(folder, { recursive: true });
  fs.appendFileSync(path.join(folder, "memo.txt"), memo + "\n");
  fs.rmSync(scratch, { recursive: true });
}

const server = http.createServer(async (request, response) => {
  const answer = (status, value) => response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
  if (request.url === "/health") return answer(200, { ok: true });
  if (request.method !== "POST" || request.url !== "/memo") return answer(404, { error: "not found" });
  let memo = "";
  for await (const chunk of request) memo += chunk;
  try {
    save(memo);
    answer(201, { saved: true });
  } catch (error) {
    console.error(error);
    answer(500, { error: error.message });
  }
});

server.listen(3000, () => console.log("listening on 3000"));
process.on("SIGTERM", () => process.exit(0));

import express, { type NextFunction, type Request, type Response } from "express";
import { appendFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const dataDir = process.env.DATA_DIR ?? "/data";
const app = express();
app.use(express.text({ type: () => true, limit: "1mb" }));

app.get("/health", (_request, response) => {
  response.json({ ok: true });
});

// Works on a scratch copy below the temporary folder first, as upload handlers do, and then keeps the memo.
app.post("/memo", async (request, response) => {
  const memo = typeof request.body === "string" ? request.body : "";
  const scratch = await mkdtemp(join(tmpdir(), "memo-"));
  try {
    await writeFile(join(scratch, "memo.txt"), memo);
    await appendFile(join(dataDir, "memo.txt"), memo + "\n");
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  response.status(201).json({ saved: true });
});

app.use((error: NodeJS.ErrnoException, _request: Request, response: Response, _next: NextFunction) => {
  console.error(error.message);
  response.status(500).json({ error: error.message, code: error.code });
});

const server = app.listen(Number(process.env.PORT ?? 3000));
process.on("SIGTERM", () => server.close());

# Keeps each message as maildirs do: it is written in tmp, and moved to new, which works within a file system only.
import http.server
import os
import time

for folder in ("tmp", "new", "cur"):
    os.makedirs(folder, exist_ok=True)


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer(200, b"".join(open("new/" + name, "rb").read() for name in sorted(os.listdir("new"))))

    def do_POST(self):
        name = "%f" % time.time()
        with open("tmp/" + name, "wb") as file:
            file.write(self.rfile.read(int(self.headers["Content-Length"])) + b"\n")
            os.fsync(file.fileno())
        os.rename("tmp/" + name, "new/" + name)
        self.answer(201, b"kept\n")

    def answer(self, status, body):
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body)


http.server.ThreadingHTTPServer(("", 8000), Handler).serve_forever()

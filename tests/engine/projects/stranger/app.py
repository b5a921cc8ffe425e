# Runs as a user whom the image does not know; keeps what it is given in a folder that everybody may write to.
import http.server
import os
import pathlib
import tempfile

cache = pathlib.Path(os.environ["XDG_CACHE_HOME"])
cache.mkdir(parents=True, exist_ok=True)
(cache / "start").write_text(str(os.getuid()))
store = pathlib.Path("/var/tmp/app/store")
store.mkdir(parents=True, exist_ok=True)


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        file = store / self.path.strip("/")
        self.send_response(200 if file.exists() else 404)
        self.end_headers()
        if file.exists():
            self.wfile.write(file.read_bytes())

    def do_POST(self):
        with tempfile.NamedTemporaryFile(delete=False) as part:
            part.write(self.rfile.read(int(self.headers["Content-Length"])))
        (store / self.path.strip("/")).write_bytes(pathlib.Path(part.name).read_bytes())
        os.remove(part.name)
        self.send_response(201)
        self.end_headers()


http.server.HTTPServer(("", 8000), Handler).serve_forever()

# Answers on a socket in a folder that two services share; a lock beside it keeps a second server away.
import fcntl
import http.server
import os
import socketserver

lock = open("/run/app/app.lock", "w")
fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
path = "/run/app/app.sock"
if os.path.exists(path):
    os.remove(path)


class Handler(http.server.BaseHTTPRequestHandler):
    def address_string(self):
        return "socket"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        os.makedirs("/tmp/spool", exist_ok=True)
        with open("/tmp/spool/last", "wb") as file:
            file.write(body)
        self.send_response(201)
        self.end_headers()


server = socketserver.UnixStreamServer(path, Handler)
os.chmod(path, 0o666)
server.serve_forever()

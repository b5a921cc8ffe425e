import os
import tempfile

from flask import Flask, request

app = Flask(__name__)
folder = os.environ.get("DATA_DIR", "/data")


@app.get("/health")
def health():
    return {"ok": True}


@app.post("/memo")
def memo():
    with tempfile.TemporaryFile() as scratch:
        scratch.write(request.get_data())
        scratch.seek(0)
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "memo.txt"), "ab") as kept:
            kept.write(scratch.read() + b"\n")
    return {"saved": True}, 201

"""A server for the Language Server Protocol: JSON-RPC 2.0 behind `Content-Length` headers.

`gipc run --wire stdio --framing content-length -- python3 examples/lsp/server.py` takes requests and
gives answers as lines, so that a shell can talk to it.
"""

import json
import sys

source, sink = sys.stdin.buffer, sys.stdout.buffer


def receive():
    size = None
    while (header := source.readline().strip()) != b"":
        name, value = header.split(b":", 1)
        if name.lower() == b"content-length":
            size = int(value)
    return None if size is None else json.loads(source.read(size))


def send(message):
    text = json.dumps(message).encode()
    sink.write(b"Content-Length: %d\r\n\r\n%s" % (len(text), text))
    sink.flush()


while (request := receive()) is not None:
    method = request["method"]
    if method == "exit":
        break
    if "id" not in request:
        continue
    result = None
    if method == "initialize":
        result = {"capabilities": {"hoverProvider": True}, "serverInfo": {"name": "hover"}}
    elif method == "textDocument/hover":
        position = request["params"]["position"]
        where = f"line {position['line'] + 1}, column {position['character'] + 1}"
        result = {"contents": {"kind": "plaintext", "value": where}}
    send({"jsonrpc": "2.0", "id": request["id"], "result": result})

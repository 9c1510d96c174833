"""A server for the Model Context Protocol: JSON-RPC 2.0, a line each, on standard input and output.

`gipc run --wire stdio --guard-stdout -- python3 examples/mcp/server.py` is what a client starts in
its place: nothing that the server starts outlives the client, and what it or a library of it prints
by mistake goes to standard error, where a client takes it for what it is.
"""

import json
import sys

TOOLS = [
    {
        "name": "count",
        "description": "Counts the words of a text",
        "inputSchema": {
            "type": "object",
            "properties": {"text": {"type": "string"}},
            "required": ["text"],
        },
    }
]


def call(parameters):
    if parameters["name"] != "count":
        return {"content": [{"type": "text", "text": "no such tool"}], "isError": True}
    # This is not meant for the client, and would break one that reads it.
    print("counting", parameters["arguments"])
    words = len(parameters["arguments"]["text"].split())
    return {"content": [{"type": "text", "text": str(words)}], "isError": False}


def result_of(method, parameters):
    if method == "initialize":
        return {
            "protocolVersion": parameters["protocolVersion"],
            "capabilities": {"tools": {}},
            "serverInfo": {"name": "words", "version": "1.0.0"},
        }
    if method == "tools/list":
        return {"tools": TOOLS}
    if method == "tools/call":
        return call(parameters)
    return {}  # ping


print("the library of words, version 1.0.0")
for line in sys.stdin:
    request = json.loads(line)
    if "id" in request:  # else it is a notification
        result = result_of(request["method"], request.get("params"))
        print(json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": result}), flush=True)

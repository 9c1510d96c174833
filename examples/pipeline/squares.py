"""Takes numbers, sends their squares as JSON."""

import json
from multiprocessing.connection import Connection

numbers = Connection(3, writable=False)
squares = Connection(4, readable=False)
try:
    while True:
        number = numbers.recv_bytes()
        message = "end" if number == b"end" else {"square": int(number) ** 2}
        squares.send_bytes(json.dumps(message).encode())
except EOFError:
    pass

"""A station of a ring: passes a number on, one less each time, until it is 0."""

import os
import sys
from multiprocessing.connection import Connection

before = Connection(3, writable=False)
after = Connection(4, readable=False)
end = Connection(5, readable=False)

if "first" in sys.argv:
    after.send_bytes(b"2999")
try:
    while True:
        left = int(before.recv_bytes())
        if left == 0:
            end.send_bytes(os.environ["GIPC_NAME"].encode())
            break
        after.send_bytes(str(left - 1).encode())
except EOFError:
    pass

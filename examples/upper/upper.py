# A worker in Python: the standard library already speaks the default framing.
# seq 5 | gipc run -- python3 examples/upper/upper.py
import os
from multiprocessing.connection import Connection

messages = Connection(int(os.environ.get("GIPC_IN", 3)), writable=False)
answers = Connection(int(os.environ.get("GIPC_OUT", 4)), readable=False)

# recv_bytes and send_bytes, not recv and send: those are for pickled objects.
try:
    while True:
        answers.send_bytes(messages.recv_bytes().upper())
except EOFError:
    pass  # no more messages

"""Takes orders, sends the total of the order's customer so far."""

import json
from collections import Counter
from multiprocessing.connection import Connection

orders = Connection(3, writable=False)
answers = Connection(4, readable=False)
totals = Counter()
try:
    while True:
        order = json.loads(orders.recv_bytes())
        customer = order["customer"]
        totals[customer] += order["sum"]
        answer = json.dumps({"customer": customer, "total": totals[customer]}, separators=(",", ":"))
        answers.send_bytes(answer.encode())
except EOFError:
    pass

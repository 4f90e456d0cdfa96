#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""rtl_tcp.py RECORDING RATE PORTFILE: an rtl_tcp server that is none, for the service's test: sends the recording (cu8) over and over at
its rate, whatever it is told. The port is written into the file. Ends when its parent does."""
import os
import socket
import sys
import time

data = open(sys.argv[1], "rb").read()
rate = 2 * float(sys.argv[2])  # bytes a second
parent = os.getppid()
server = socket.create_server(("127.0.0.1", 0))
server.settimeout(1)
with open(sys.argv[3] + ".new", "w") as port:
    port.write(str(server.getsockname()[1]))
os.rename(sys.argv[3] + ".new", sys.argv[3])
while os.getppid() == parent:
    try:
        client, _ = server.accept()
    except TimeoutError:
        continue
    client.settimeout(10)
    began, sent = time.monotonic(), 0
    try:
        client.sendall(b"RTL0" + (5).to_bytes(4, "big") + (29).to_bytes(4, "big"))  # R820T
        while os.getppid() == parent:
            at = sent % len(data)
            block = data[at : at + 16384]
            client.sendall(block)
            sent += len(block)
            time.sleep(max(0.0, began + sent / rate - time.monotonic()))
    except OSError:
        pass
    client.close()

"""Callers of `load.py`, in a process of their own: raw sockets, keep-alive, prepared requests.

Reads a job as JSON from stdin: `calls` in all, and for each caller the `requests` that it sends in
turn, each a port and the whole text. A caller waits for its response before the next request.
Prints the seconds taken, those of each call, why calls failed, and its own processor time. One call
of each caller, which opens connections, goes before and is not counted.
"""

from __future__ import annotations

import json
import re
import selectors
import socket
import sys
import time
from collections import Counter

LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
KIND = re.compile(rb'"kind":"(\w+)"')


class Caller:
    """A connection for each port, and the requests that are sent in turn."""

    def __init__(self, requests: list[tuple[int, str]], selector: selectors.BaseSelector) -> None:
        self.requests = [(port, text.encode()) for port, text in requests]
        self.selector, self.number = selector, 0
        self.sockets = {port: self.connect(port) for port in dict(requests)}

    def connect(self, port: int) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.selector.register(connection, selectors.EVENT_READ, (self, port))
        return connection

    def send(self) -> None:
        self.port, text = self.requests[self.number % len(self.requests)]
        self.number, self.received, self.began = self.number + 1, b"", time.perf_counter()
        self.text, self.is_again = text, False
        try:
            self.sockets[self.port].sendall(text)
        except OSError:
            self.reconnect(self.port)
            self.send_again()

    def send_again(self) -> None:
        self.is_again = True
        self.sockets[self.port].sendall(self.text)

    def receive(self, port: int) -> bytes:
        try:
            return self.sockets[port].recv(262_144)
        except OSError:
            return b""

    def reconnect(self, port: int) -> None:
        self.selector.unregister(self.sockets[port])
        self.sockets[port].close()
        self.sockets[port] = self.connect(port)

    def failure(self) -> str | None:
        if not self.received.startswith(b"HTTP/1.1 200 "):
            return self.received[9:12].decode() or "closed"
        kind = KIND.search(self.received) if b'"isError":true' in self.received else None
        return kind[1].decode() if kind else None if b'"result"' in self.received else "no result"


def is_complete(received: bytes) -> bool:
    head, _, body = received.partition(b"\r\n\r\n")
    length = LENGTH.search(head)
    return len(body) >= int(length[1]) if length else body.endswith(b"0\r\n\r\n")


def run(
    calls: int, callers: list[Caller], selector: selectors.BaseSelector
) -> tuple[float, list[float], Counter[str]]:
    """Return the seconds taken, those of each call, and why calls failed."""
    took: list[float] = []
    failures: Counter[str] = Counter()
    began = time.perf_counter()
    for caller in callers[:calls]:
        caller.send()
    sent = min(calls, len(callers))
    while len(took) < calls:
        for key, _ in selector.select():
            caller, port = key.data
            part = caller.receive(port)
            if not part:
                caller.reconnect(port)
            if port != caller.port:
                continue  # the server closed a connection that was idle
            if not part and not caller.received and not caller.is_again:
                caller.send_again()  # it was idle until just now; clients send once more
                continue
            caller.received += part
            if part and not is_complete(caller.received):
                continue
            took.append(time.perf_counter() - caller.began)
            if (why := caller.failure()) is not None:
                failures[why] += 1
            if sent < calls:
                caller.send()
                sent += 1
    return time.perf_counter() - began, took, failures


if __name__ == "__main__":
    job = json.load(sys.stdin)
    selector = selectors.DefaultSelector()
    callers = [Caller(each, selector) for each in job["requests"]]
    run(len(callers), callers, selector)
    seconds, took, failures = run(job["calls"], callers, selector)
    cpu = time.process_time()
    json.dump({"seconds": seconds, "took": took, "failures": failures, "cpu": cpu}, sys.stdout)

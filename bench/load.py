"""A load generator in a process of its own: `python -m bench.load`, one JSON object on its output.

It speaks HTTP/1.1 over plain sockets, because a client library would cost more than the server.
Every answer is read whole; receipts of a sample are kept for checking.
"""

import argparse
import asyncio
import json
import sys
import time
from pathlib import Path

import uvloop

_SAMPLE = 1_000  # one receipt in so many is kept


def requests_of(path: Path) -> list[bytes]:
    """Read statements (a 16-bit length before each) as whole HTTP requests."""
    data, at, made = path.read_bytes(), 0, []
    while at < len(data):
        begin = at + 2
        at = begin + int.from_bytes(data[begin - 2 : begin])
        head = (
            "POST /entries HTTP/1.1\r\nHost: log\r\nContent-Type: application/cose\r\n"
            f"Content-Length: {at - begin}\r\n\r\n"
        )
        made.append(head.encode() + data[begin:at])
    return made


class Load:
    """What all connections share: the requests still to send, and what came of them."""

    def __init__(self, requests: list[bytes], seconds: float) -> None:
        self.requests = requests
        self.seconds = seconds
        self.next = 0
        self.began = 0.0
        self.ended = 0.0
        self.latencies: list[float] = []
        self.failed: list[str] = []
        self.receipts: dict[int, str] = {}
        self.idle = asyncio.Event()
        self.open = 0  # closed loop: clients that still send
        self.due = 0  # paced: requests that still come

    def take(self) -> int | None:
        """Give the next request's number, while there is time and a request."""
        if self.next >= len(self.requests) or time.perf_counter() - self.began >= self.seconds:
            return None
        self.next += 1
        return self.next - 1


class Client(asyncio.Protocol):
    """One connection with one request under way."""

    def __init__(self, load: Load) -> None:
        self.load = load
        self.buffer = b""
        self.number = -1
        self.due = 0.0
        self.transport: asyncio.Transport

    def send(self, number: int, due: float | None = None) -> None:
        """Send a request; its latency counts from when it was due."""
        self.number = number
        self.due = time.perf_counter() if due is None else due
        self.transport.write(self.load.requests[number])

    def data_received(self, data: bytes) -> None:
        buffer = self.buffer + data if self.buffer else data
        gap = buffer.find(b"\r\n\r\n")
        place = buffer.find(b"content-length: ", 0, gap)
        if gap < 0 or place < 0:
            self.buffer = buffer
            return
        length = int(buffer[place + 16 : buffer.find(b"\r", place)])
        if len(buffer) < gap + 4 + length:
            self.buffer = buffer
            return
        self.buffer = b""
        self.answered(buffer[9:12], buffer[gap + 4 :])

    def answered(self, status: bytes, body: bytes) -> None:
        """Note an answer, and go on."""
        load = self.load
        load.ended = time.perf_counter()
        if status == b"201":
            load.latencies.append(load.ended - self.due)
            if self.number % _SAMPLE == 0:
                load.receipts[self.number] = body.hex()
        else:
            load.failed.append(status.decode() + " " + body[:200].decode("latin-1"))
        self.proceed()

    def proceed(self) -> None:
        """Send the next request at once (a closed loop), or end."""
        number = self.load.take()
        if number is None:
            self.load.open -= 1
            if not self.load.open:
                self.load.idle.set()
            return
        self.send(number)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.load.idle.is_set():
            self.load.failed.append(f"connection lost: {exc}")
            self.load.idle.set()


class Paced(Client):
    """A connection that takes what is due, from a queue that fills at a steady rate."""

    waiting: list[tuple[int, float]]
    free: "list[Paced]"

    def proceed(self) -> None:
        if self.waiting:
            self.send(*self.waiting.pop(0))
            return
        self.free.append(self)
        if not self.load.due and len(self.free) == self.load.open:
            self.load.idle.set()


async def closed(load: Load, port: int, clients: int) -> None:
    """Keep every client busy."""
    made = await _connect(load, port, clients, Client)
    load.began = time.perf_counter()
    for client in made:
        client.proceed()
    await load.idle.wait()


async def paced(load: Load, port: int, clients: int, rate: float) -> None:
    """Offer `rate` requests a second, whether or not the server keeps up."""
    made = await _connect(load, port, clients, Paced)
    Paced.waiting, Paced.free = [], [one for one in made if isinstance(one, Paced)]
    load.began = time.perf_counter()
    load.due = min(len(load.requests), int(rate * load.seconds))
    while (number := load.take()) is not None:
        due = load.began + number / rate
        pause = due - time.perf_counter()
        if pause > 0.0005:
            await asyncio.sleep(pause)
        if Paced.free:
            Paced.free.pop(0).send(number, due)
        else:
            Paced.waiting.append((number, due))
        load.due -= 1
    load.due = 0
    if len(Paced.free) == clients:
        load.idle.set()
    await load.idle.wait()


async def _connect(load: Load, port: int, clients: int, kind: type[Client]) -> list[Client]:
    loop = asyncio.get_running_loop()
    load.open = clients
    made = []
    for _ in range(clients):
        transport, client = await loop.create_connection(lambda: kind(load), "127.0.0.1", port)
        client.transport = transport
        made.append(client)
    return made


def main() -> None:
    """Run the load, print what came of it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("statements", type=Path)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--clients", type=int, default=256)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--rate", type=float, default=0, help="0: as fast as answers come")
    arguments = parser.parse_args()
    load = Load(requests_of(arguments.statements), arguments.seconds)
    busy = time.process_time()
    if arguments.rate:
        uvloop.run(paced(load, arguments.port, arguments.clients, arguments.rate))
    else:
        uvloop.run(closed(load, arguments.port, arguments.clients))
    latencies = sorted(load.latencies)
    taken = load.ended - load.began
    result = {
        "registered": len(latencies),
        "failed": len(load.failed),
        "first_failures": load.failed[:3],
        "seconds": taken,
        "per_second": len(latencies) / taken,
        "p50_ms": latencies[len(latencies) // 2] * 1e3 if latencies else None,
        "p99_ms": latencies[len(latencies) * 99 // 100] * 1e3 if latencies else None,
        "worst_ms": latencies[-1] * 1e3 if latencies else None,
        "generator_cpu_us": (time.process_time() - busy) / max(1, len(latencies)) * 1e6,
        "receipts": load.receipts,
    }
    json.dump(result, sys.stdout)


if __name__ == "__main__":
    main()

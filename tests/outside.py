"""Other people's servers, on this machine: one that takes e-mail, one that takes webhooks.

Both are real servers that speak over sockets; each can be told to misbehave.
"""

import datetime as dt
import ipaddress
import socket
import ssl
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import Message
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID


class Post:
    """A mail server: what it took, and how it is to behave."""

    def __init__(self) -> None:
        self.taken: list[tuple[list[str], Message]] = []
        self.mode = "take"  # take, refuse, later, hang-up: taken, and no answer
        self.hated = ""  # whose messages make it hang up
        self.calls = 0

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:
        self.calls += 1
        if self.mode == "refuse":
            return "550 No such mailbox"
        if self.mode == "later":
            return "451 Try again later"
        self.taken.append((envelope.rcpt_tos, message_from_bytes(envelope.content, policy=default)))
        if self.mode == "hang-up" or envelope.rcpt_tos == [self.hated]:
            server.transport.close()
        return "250 OK"

    def ids(self, to: str) -> Counter[str]:
        """Count the messages to an address by their Message-ID."""
        return Counter(m["Message-ID"] for tos, m in self.taken if tos == [to])


@contextmanager
def mail_server(**how: Any) -> Iterator[tuple[Post, int]]:
    """Run a mail server for as long as the block lasts; gives it and its port.

    `how`: what aiosmtpd's server takes, such as `tls_context` and `authenticator`.
    """
    post = Post()
    port = free_port()
    controller = Controller(post, hostname="127.0.0.1", port=port, **how)
    controller.start()
    try:
        yield post, port
    finally:
        controller.stop()


def own_certificate(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """Make a certificate for this machine; gives a server's side and what a client may trust."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .sign(key, hashes.SHA256())
    )
    certificate, secret = folder / "own.pem", folder / "own.key"
    certificate.write_bytes(made.public_bytes(Encoding.PEM))
    secret.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, secret)
    return context, certificate


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class Hook:
    """A webhook: the bodies that it took, and how it is to behave."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, str, bytes]] = []  # path, media type, body
        self.mode = "take"  # take, fail, redirect, hang-up: taken, and no answer; silent
        self.address = ""


@contextmanager
def webhook() -> Iterator[Hook]:
    """Run a webhook's server for as long as the block lasts."""
    hook = Hook()
    ended = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            hook.taken.append((self.path, self.headers["Content-Type"], body))
            if hook.mode == "silent":
                ended.wait(30)
            if hook.mode in {"hang-up", "silent"}:
                self.close_connection = True
                return
            self.send_response({"take": 204, "fail": 500, "redirect": 302}[hook.mode])
            if hook.mode == "redirect":
                self.send_header("Location", f"{hook.address}/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hook.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield hook
    finally:
        ended.set()
        server.shutdown()
        thread.join()
        server.server_close()


def wait_for(what: Any, seconds: float = 10) -> None:
    """Wait until something holds."""
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.01)

"""A web gateway before Prelude that behaves as the seed's, faults included, for tests.

    secef-gateway.py --port N --cert F --key F --ca F [--profile NAME] [--record FILE]

Takes IDMEF by POST over TLS with client certificates, turns elements into paths of libprelude the way the seed
does, and forwards each message as soon as its end tag is read. With --profile it forwards to the manager that
profile is registered with; with --record it writes what the Prelude object holds as one JSON line a message,
flushed before the answer. Prints `ready` once it listens. One thread a connection, kept alive.

The faults are wanted (they are what senders must cope with): exact content types; 200 for what is in no namespace
of IDMEF; text of containers set as a value; nested analyzers before their parent; the last Action and alertident win.
"""

import argparse
import functools
import io
import os
import signal
import socket
import ssl
import sys
import threading

import prelude
from lxml import etree

NAMESPACES = ("http://iana.org/idmef", "urn:iana:xml:ns:idmef")
MESSAGES = ("Alert", "Heartbeat")
# Elements that are no step of a path: their text is the data of what holds them.
DATA = frozenset(
    "boolean byte character date-time integer ntpstamp portlist real string byte-string xml".split()
)
# Spellings whose text has a field of its own, and whose index is always the first.
TEXT_FIELDS = {"Action": "description", "alertident": "alertident", "AlertIdent": "alertident"}
BODY_OK = b"OK\n"
BODY_BAD = b"the message was not forwarded, the log says why\n"
MAX_BODY = 64 << 20


@functools.lru_cache(maxsize=1024)
def path_part(name):
    """`SourceNode` -> `source_node`; hyphens become `_`, all but small letters `_` and their small form."""
    out = []
    for c in name:
        if c == "-":
            out.append("_")
        elif "a" <= c <= "z":
            out.append(c)
        else:
            out.append(("_" if out else "") + c.lower())
    return "".join(out)


@functools.lru_cache(maxsize=4096)
def is_list(path):
    return prelude.IDMEFPath(path).isList()


@functools.lru_cache(maxsize=4096)
def split_tag(tag):
    """Namespace and local name."""
    qname = etree.QName(tag)
    return qname.namespace, qname.localname


class Forwarder:
    """Where messages go: the manager, the record, both or neither."""

    def __init__(self, profile, record):
        self.lock = threading.Lock()
        self.record = open(record, "a", encoding="utf-8") if record else None
        self.client = None
        if profile:
            self.client = prelude.ClientEasy(
                profile, prelude.Client.IDMEF_WRITE, "Test gateway", "Web Gateway", "idmef-relay", "1"
            )
            # Reports then hold what was posted and nothing else.
            self.client.setFlags(self.client.getFlags() & ~prelude.Client.HEARTBEAT)
            self.client.start()

    def send(self, message):
        if self.record:
            line = message.toJSON()
            with self.lock:
                self.record.write(line + "\n")
                self.record.flush()
        if self.client:
            self.client.sendIDMEF(message)


def forward_document(body, forward):
    message = None
    counts = {}
    # Full paths of the open elements, innermost last.
    stack = []
    for event, element in etree.iterparse(io.BytesIO(body), events=("start", "end")):
        namespace, name = split_tag(element.tag)
        if namespace not in NAMESPACES or name == "IDMEF-Message":
            continue
        if event == "start":
            if name in DATA:
                continue
            part = path_part(name)
            if name in MESSAGES:
                message = prelude.IDMEF()
                counts = {}
                stack.append(part)
                continue
            above = stack[-1] if stack else ""
            # An analyzer inside an analyzer is the next one of the same list.
            if part == "analyzer" and ".analyzer(" in above:
                above = above[: above.index(".analyzer(")]
            path = above + "." + part if above else part
            if is_list(path):
                index = 0 if name in TEXT_FIELDS else counts.get(path, 0)
                counts[path] = index + 1
                path += "(%d)" % index
            stack.append(path)
            continue
        path = stack[-1]
        if name in DATA:
            if element.text is not None:
                message.set(path + ".data", element.text)
            continue
        for key, value in element.attrib.items():
            if key != "ntpstamp":
                message.set(path + "." + path_part(key), value)
        if element.text is not None and name not in MESSAGES:
            field = TEXT_FIELDS.get(name)
            message.set(path + "." + field if field else path, element.text)
        stack.pop()
        if name in MESSAGES:
            forward.send(message)
            message = None


def answer_for(method, headers, body, forward):
    try:
        content_type = headers["content-type"]
        if content_type not in ("text/xml", "application/text"):
            return 415, b""
        forward_document(body, forward)
        return 200, BODY_OK
    except Exception as error:  # whatever it is, the seed says 500
        print("%s: %s: %s" % (method, type(error).__name__, error), file=sys.stderr, flush=True)
        return 500, BODY_BAD


REASONS = {200: "OK", 400: "Bad Request", 415: "Unsupported Media Type", 500: "Internal Server Error"}


def read_body(stream, headers):
    if "chunked" in headers.get("transfer-encoding", "").lower():
        parts = []
        while True:
            size = int(stream.readline().split(b";")[0], 16)
            if size == 0:
                while stream.readline() not in (b"\r\n", b""):
                    pass
                return b"".join(parts)
            parts.append(stream.read(size))
            stream.readline()
    length = int(headers.get("content-length", "0"))
    if length > MAX_BODY:
        raise ValueError("a body of %d bytes" % length)
    return stream.read(length)


def serve(connection, forward):
    stream = connection.makefile("rb", 65536)
    while True:
        request = stream.readline(8192).split()
        if len(request) != 3:
            return
        headers = {}
        while True:
            line = stream.readline(65536).decode("latin-1")
            if line in ("\r\n", ""):
                break
            key, _, value = line.partition(":")
            headers[key.strip().lower()] = value.strip()
        body = read_body(stream, headers)
        status, content = answer_for(request[0].decode("latin-1"), headers, body, forward)
        head = "HTTP/1.1 %d %s\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n"
        connection.sendall((head % (status, REASONS[status], len(content))).encode() + content)
        if headers.get("connection", "").lower() == "close":
            return


def handle(plain, context, forward):
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        with context.wrap_socket(plain, server_side=True) as connection:
            serve(connection, forward)
    except (OSError, ValueError) as error:
        print("connection: %s" % error, file=sys.stderr, flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    for name in ("cert", "key", "ca"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--profile")
    parser.add_argument("--record")
    options = parser.parse_args()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(options.cert, options.key)
    context.load_verify_locations(options.ca)
    forward = Forwarder(options.profile, options.record)
    # libprelude's threads would outlive an ordinary end of the interpreter.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    listener = socket.create_server(("127.0.0.1", options.port), backlog=128)
    print("ready", flush=True)
    while True:
        plain, _ = listener.accept()
        threading.Thread(target=handle, args=(plain, context, forward), daemon=True).start()


main()

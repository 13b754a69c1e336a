#!/usr/bin/python3
"""A mail server for tests: real SMTP, mails kept as files, failures on demand.

Promise: a mail is in the directory before its sender reads 250, and a mail that
was answered otherwise is not, unless a fault says so. README.md shows the flags
and the control calls.
"""

import argparse
import asyncio
import json
import os
import signal
import ssl
import sys

from aiosmtpd.smtp import SMTP, TLSSetupException

# Where a fault can strike, in the order of a conversation. BODY is after the
# 354 and before the final dot; DOT is after the final dot.
STAGES = ("BANNER", "EHLO", "STARTTLS", "MAIL", "RCPT", "DATA", "BODY", "DOT")
ACTIONS = ("reply", "drop", "delay", "hang", "strip_starttls")

# What a hook returns when a fault has answered already.
ANSWERED = ""


class Faults:
    """The failures that were asked for and have not struck yet."""

    def __init__(self):
        self._pending = []

    def add(self, fault):
        if fault.get("stage") not in STAGES:
            raise ValueError(f"stage must be one of {', '.join(STAGES)}")
        if fault.get("action") not in ACTIONS:
            raise ValueError(f"action must be one of {', '.join(ACTIONS)}")
        fault.setdefault("count", 1)
        self._pending.append(fault)

    def clear(self):
        self._pending.clear()

    def take(self, stage, argument=""):
        """The fault for this stage, used up by one; None mostly."""
        for fault in self._pending:
            if fault["stage"] != stage:
                continue
            if fault.get("match", "") not in argument:
                continue
            fault["count"] -= 1
            if fault["count"] == 0:
                self._pending.remove(fault)
            return fault
        return None

    def pending(self):
        return self._pending


class Mailbox:
    """One file a mail, written atomically, numbered in the order of arrival."""

    def __init__(self, directory):
        self._directory = directory
        os.makedirs(directory, exist_ok=True)
        numbers = [int(name[:-4]) for name in os.listdir(directory)
                   if name.endswith(".eml")]
        self.count = max(numbers, default=0)

    def keep(self, envelope, secured):
        lines = [f"X-Envelope-From: {envelope.mail_from}"]
        lines += [f"X-Envelope-To: {to}" for to in envelope.rcpt_tos]
        lines.append(f"X-Envelope-Tls: {'yes' if secured else 'no'}")
        head = "\r\n".join(lines).encode("ascii", "backslashreplace")
        self.count += 1
        path = os.path.join(self._directory, f"{self.count:08d}.eml")
        with open(path + ".part", "wb") as file:
            file.write(head + b"\r\n" + envelope.original_content)
        os.rename(path + ".part", path)


class Conversation(SMTP):
    """One connection. Asks at each stage whether something is to go wrong."""

    def __init__(self, faults, mailbox, counters, **options):
        super().__init__(handler=self, hostname="mail.test", ident="fake",
                         **options)
        self._faults = faults
        self._mailbox = mailbox
        self._counters = counters
        self._greeted = False
        self._ehlo_refused = False
        self._strip_starttls = False

    def connection_made(self, transport):
        if self.transport is None:
            self._counters["connections"] += 1
            self._counters["open_connections"] += 1
        super().connection_made(transport)

    def connection_lost(self, error):
        if self.transport is not None:
            self._counters["open_connections"] -= 1
        super().connection_lost(error)

    async def push(self, status):
        if status == ANSWERED:
            return
        if not self._greeted:
            self._greeted = True
            if await self._struck("BANNER"):
                return
        if self._strip_starttls and status == "250-STARTTLS":
            return
        await super().push(status)

    async def handle_exception(self, error):
        if isinstance(error, (TLSSetupException, ConnectionError)):
            return "421 4.7.0 Connection is broken"
        raise error  # A mistake of ours: be loud.

    async def _struck(self, stage, argument=""):
        """Whether a fault has taken the place of the answer."""
        fault = self._faults.take(stage, argument or "")
        if fault is None:
            return False
        action = fault["action"]
        if action == "delay":
            await asyncio.sleep(fault["seconds"])
            return False
        if action == "strip_starttls":
            self._strip_starttls = True
            return False
        if stage == "DOT" and fault.get("keep", False):
            self._mailbox.keep(self.envelope, self._tls_protocol is not None)
        if action == "hang":
            await asyncio.sleep(3600)
        if action == "reply":
            code = fault["code"]
            text = fault.get("text", "Asked for by the test")
            await super().push(f"{code} {text}")
            if code != 421:
                return True
        # RST rather than FIN would lose an answer that is still under way.
        self.transport.close()
        self._handler_coroutine.cancel()
        await asyncio.sleep(0)  # Where the cancellation takes effect.
        return True

    async def smtp_EHLO(self, hostname):
        if await self._struck("EHLO", hostname):
            self._ehlo_refused = True
            return
        await super().smtp_EHLO(hostname)

    async def smtp_HELO(self, hostname):
        # Clients fall back to HELO, which would undo the failure.
        if self._ehlo_refused:
            await super().push("550 No greeting is accepted")
            return
        await super().smtp_HELO(hostname)

    async def smtp_STARTTLS(self, arg):
        if not await self._struck("STARTTLS"):
            await super().smtp_STARTTLS(arg)

    async def smtp_MAIL(self, arg):
        if not await self._struck("MAIL", arg):
            await super().smtp_MAIL(arg)

    async def smtp_RCPT(self, arg):
        if not await self._struck("RCPT", arg):
            await super().smtp_RCPT(arg)

    async def smtp_DATA(self, arg):
        self._counters["transactions"] += 1
        if await self._struck("DATA"):
            return
        fault = self._faults.take("BODY")
        if fault is None:
            await super().smtp_DATA(arg)
            return
        await super().push("354 End data with <CR><LF>.<CR><LF>")
        await self._reader.readuntil(b"\r\n")
        self.transport.close()
        self._handler_coroutine.cancel()
        await asyncio.sleep(0)

    # aiosmtpd's hook, called when the final dot has been read.
    async def handle_DATA(self, server, session, envelope):
        if await self._struck("DOT", " ".join(envelope.rcpt_tos)):
            return ANSWERED
        self._mailbox.keep(envelope, self._tls_protocol is not None)
        return "250 2.0.0 Kept"


class Control:
    """POST /faults, DELETE /faults, GET /status; one request a connection."""

    def __init__(self, faults, mailbox, counters):
        self._faults = faults
        self._mailbox = mailbox
        self._counters = counters

    async def serve(self, reader, writer):
        try:
            request = (await reader.readline()).decode("ascii").split()
            length = 0
            while (line := await reader.readline()) not in (b"\r\n", b""):
                name, _, value = line.decode("latin-1").partition(":")
                if name.lower() == "content-length":
                    length = int(value)
            body = await reader.readexactly(length)
            code, answer = self._answer(request[0], request[1], body)
        except (ValueError, KeyError, IndexError, TypeError) as error:
            code, answer = 400, {"error": str(error)}
        text = json.dumps(answer).encode()
        writer.write(f"HTTP/1.1 {code} -\r\nContent-Length: {len(text)}\r\n"
                     "Content-Type: application/json\r\n"
                     "Connection: close\r\n\r\n".encode() + text)
        await writer.drain()
        writer.close()

    def _answer(self, method, path, body):
        if (method, path) == ("POST", "/faults"):
            self._faults.add(json.loads(body))
            return 200, {}
        if (method, path) == ("DELETE", "/faults"):
            self._faults.clear()
            return 200, {}
        if (method, path) == ("GET", "/status"):
            return 200, {"mails": self._mailbox.count,
                         "pending_faults": self._faults.pending(),
                         **self._counters}
        return 404, {"error": f"no {method} {path}"}


def tls_context(options):
    if not options.certificate:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(options.certificate, options.key)
    return context


def announce(options, ports):
    text = json.dumps({**ports, "pid": os.getpid()})
    if options.ready_file:
        with open(options.ready_file + ".part", "w", encoding="ascii") as file:
            file.write(text)
        os.rename(options.ready_file + ".part", options.ready_file)
    if options.ready_fd >= 0:
        with os.fdopen(options.ready_fd, "w") as pipe:
            pipe.write(text)


async def main(options):
    loop = asyncio.get_running_loop()
    faults = Faults()
    mailbox = Mailbox(options.directory)
    counters = {"connections": 0, "open_connections": 0, "transactions": 0}
    context = tls_context(options)

    def converse():
        return Conversation(faults, mailbox, counters, tls_context=context,
                            loop=loop)

    smtp = await loop.create_server(converse, "127.0.0.1", options.port,
                                    backlog=256)
    control = await asyncio.start_server(
        Control(faults, mailbox, counters).serve, "127.0.0.1",
        options.control_port)
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    if options.lifeline:
        # Whoever started us holds the other end; end of file: it is gone.
        loop.add_reader(sys.stdin, stopped.set)
    announce(options, {"port": smtp.sockets[0].getsockname()[1],
                       "control_port": control.sockets[0].getsockname()[1]})
    await stopped.wait()


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=0,
                        help="for SMTP on loopback; 0: any free one")
    parser.add_argument("--control_port", type=int, default=0,
                        help="for the control calls on loopback")
    parser.add_argument("--directory", required=True,
                        help="where mails are kept")
    parser.add_argument("--ready_file", default="",
                        help="written once connections are accepted: "
                        '{"port", "control_port", "pid"}')
    parser.add_argument("--ready_fd", type=int, default=-1,
                        help="the same text to an open descriptor")
    parser.add_argument("--certificate", default="",
                        help="PEM; offers STARTTLS")
    parser.add_argument("--key", default="", help="PEM")
    parser.add_argument("--lifeline", action="store_true",
                        help="end when standard input does")
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(main(parse_options()))

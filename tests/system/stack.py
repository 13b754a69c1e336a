"""Drives deploy/quickstart as a user would, for the system tests."""

import json
import os
import pathlib
import re
import subprocess
import threading
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
GRPCURL = ROOT / "tests/tools/grpcurl"
SERVICES = ("authorization", "directory", "reconciliation", "enrollment", "trash")
GROUPS = ("Engineering", "Sales", "Operations", "Finance", "Support")


class Followed:
    """A running command whose output is read as it comes."""

    def __init__(self, command):
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self._changed = threading.Condition()
        self._output = ""
        self._ended = False
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self._process.stdout:
            with self._changed:
                self._output += line
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    @property
    def output(self):
        with self._changed:
            return self._output

    def wait_for(self, pattern, seconds=300):
        """The first match in the output so far or to come; fails if the command ends without one."""
        expression = re.compile(pattern, re.M)
        with self._changed:
            self._changed.wait_for(lambda: expression.search(self._output) or self._ended, seconds)
            found = expression.search(self._output)
            if not found:
                raise AssertionError(f"no {pattern!r} in: {self._output[-2000:]}")
            return found

    def is_running(self):
        return self._process.poll() is None

    def wait(self, seconds=300):
        """The exit code, when it has ended."""
        return self._process.wait(timeout=seconds)


class Control:
    """The control API of a fake: JSON at 127.0.0.1."""

    def __init__(self, port):
        self.origin = f"http://127.0.0.1:{port}"

    def get(self, path):
        return self._send("GET", path)

    def post(self, path, body):
        return self._send("POST", path, json.dumps(body).encode())

    def delete(self, path):
        return self._send("DELETE", path)

    def _send(self, method, path, body=None):
        request = urllib.request.Request(self.origin + path, data=body, method=method)
        with urllib.request.urlopen(request) as answer:
            return json.loads(answer.read() or "{}")


class Stack:
    """One installation in a run directory of its own, on ports of its own."""

    def __init__(self, run_directory, port_base, users, groups=50, seed=1):
        self.run = pathlib.Path(run_directory)
        self.port_base = port_base
        self.tenant = [f"--users={users}", f"--groups={groups}", f"--seed={seed}"]
        self.where = [f"--run-directory={self.run}", f"--port-base={port_base}"]

    def port(self, service):
        return self.port_base + 1 + SERVICES.index(service)

    def command(self, *options):
        return [str(ROOT / "deploy/quickstart"), *self.where, *options]

    def quickstart(self, *options, check=True):
        """Runs the quickstart to its end and returns (exit code, output)."""
        done = subprocess.run(
            self.command(*(options or self.tenant)),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if check and done.returncode != 0:
            raise AssertionError(f"quickstart {options}: {done.stdout[-3000:]}")
        return done.returncode, done.stdout

    def summary(self):
        return json.loads((self.run / "summary.json").read_text())

    def pids(self):
        """Name -> process id, as the pid files say."""
        return {
            file.name: int(file.read_text().split()[0])
            for file in (self.run / "pids").iterdir()
        }

    def expected(self, *groups, view=False):
        """What the local Entra says is true of these groups."""
        query = [("group", group) for group in groups or GROUPS]
        if view:
            query.append(("view", "full"))
        return self.control("entra").get("/expected?" + urllib.parse.urlencode(query))

    def control(self, fake):
        """Of `entra` or `mail`."""
        return Control(self.port_base + {"entra": 32, "mail": 42}[fake])

    def grpcurl(self, *arguments, check=True):
        """Runs the documented client and returns its output."""
        done = subprocess.run(
            [str(GRPCURL), *map(str, arguments)], capture_output=True, text=True
        )
        if check and done.returncode != 0:
            raise AssertionError(f"grpcurl {arguments}: {done.stderr}")
        return done.stdout if done.returncode == 0 else done.stderr

    def call(self, service, method, request, check=True, who="owner"):
        tls = self.run / "tls"
        output = self.grpcurl(
            "-cacert", tls / "ca.pem", "-cert", tls / f"{who}.pem", "-key", tls / f"{who}.key",
            "-d", json.dumps(request), f"localhost:{self.port(service)}", method, check=check,
        )
        return json.loads(output) if check else output

    def describe(self, service, symbol):
        """Whether the service's reflection knows a message type."""
        answer = self.call(
            service, "grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
            {"file_containing_symbol": symbol},
        )
        return "fileDescriptorResponse" in answer

    def list_all(self, service, method, field, parent="accounts/demo"):
        rows, token = [], ""
        while True:
            page = self.call(
                service, method, {"parent": parent, "pageSize": 1000, "pageToken": token}
            )
            rows += page.get(field, [])
            token = page.get("nextPageToken", "")
            if not token:
                return rows

    def identity_store(self):
        """The users and groups without what differs from installation to
        installation (ids and times), so that two of them can be compared."""
        users_of = "rollcall.reconciliation.v1.UserService"
        groups = {
            group["name"]: group["displayName"]
            for group in self.list_all("reconciliation", f"{users_of}/ListGroups", "groups")
        }
        users = {}
        for user in self.list_all("reconciliation", f"{users_of}/ListUsers", "users"):
            users[user["username"]] = {
                "display_name": user.get("displayName", ""),
                "email": user.get("email", ""),
                "state": user["state"],
                "source_ids": sorted(m["sourceId"] for m in user.get("managedBy", [])),
                "groups": sorted(groups[name] for name in user.get("groups", [])),
                "phones": sorted(phone["number"] for phone in user.get("phones", [])),
            }
        return {"users": users, "groups": sorted(groups.values())}

    def mails(self):
        """How many mails went to each address."""
        counts = {}
        for file in (self.run / "mail").glob("*.eml"):
            to = re.search(r"^To:.*?([^\s<>]+@[^\s<>]+)", file.read_text(errors="replace"), re.M | re.I)
            address = to.group(1).lower() if to else file.name
            counts[address] = counts.get(address, 0) + 1
        return counts

    def mail_states(self):
        """How many mails of the ledger are in each state."""
        answer = self.call(
            "enrollment", "rollcall.enrollment.v1.EnrollmentService/ListMails",
            {"parent": "accounts/demo", "pageSize": 1},
        )
        return {state: int(count) for state, count in answer.get("stateCounts", {}).items() if int(count)}

    def reset(self):
        self.quickstart("--reset")


def documented_commands(text):
    """The commands of a document: the lines of its `sh` blocks."""
    commands = []
    for block in re.findall(r"^```sh\n(.*?)^```", text, re.M | re.S):
        block = block.replace("\\\n", " ")
        commands += [line.strip() for line in block.splitlines() if line.strip() and not line.startswith("#")]
    return commands


def environment():
    """An environment in which `grpcurl` is ours."""
    path = f"{GRPCURL.parent}:{os.environ['PATH']}"
    return {**os.environ, "PATH": path}

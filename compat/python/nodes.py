"""Nodes of one PostgreSQL database, which a test sees as one server whose requests reach them in turn."""

import collections
import itertools
import json
import os
import pathlib
import secrets
import subprocess
import tempfile
import threading
import time
import urllib.request

from claviger import BINARY, START_SECONDS_MAX, STOP_SECONDS_MAX, EndedBeforeItListened, Server

# The URL of the database. Each pair of nodes has a schema of its own in it.
STORE = os.environ.get("CLAVIGER_NODES_ON")
# How long a change may take to reach the other node.
REACHES_SECONDS_MAX = 1.0

CONFIGURATION = """
data_dir = "{folder}/data"
store = "{store}"
issuer = "aws"
master_key.file = "{keys}"
listen.data = ["127.0.0.1:0"]
address_file = "{folder}/address"
run_functions = true
"""


def started():
    """A server of its own: `claviger dev`, or two nodes where there is a database for them."""
    return Nodes() if STORE else Server()


class Node:
    """A running `claviger serve`."""

    def __init__(self, folder, store, keys):
        self.configuration = folder / "claviger.toml"
        folder.mkdir(mode=0o700)
        self.configuration.write_text(CONFIGURATION.format(folder=folder, store=store, keys=keys))
        self.configuration.chmod(0o600)

    def start(self):
        command = [BINARY, "serve", "--config", str(self.configuration)]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self._last_lines = collections.deque(maxlen=200)
        watchdog = threading.Timer(START_SECONDS_MAX, self.process.kill)
        watchdog.start()
        try:
            for line in self.process.stderr:
                self._last_lines.append(line)
                _, found, address = line.partition("serving ")
                if found:
                    self.url = address.split()[0]
                    break
            else:
                raise EndedBeforeItListened(self.log())
        finally:
            watchdog.cancel()
        threading.Thread(target=self._last_lines.extend, args=[self.process.stderr], daemon=True).start()

    def log(self):
        return "".join(self._last_lines)

    def revision(self):
        """The newest change that this node goes by."""
        with urllib.request.urlopen(f"{self.url}/_claviger/ready") as response:
            return json.load(response)["revision"]

    def stop(self):
        self.process.terminate()
        try:
            status = self.process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError("a node did not stop when asked to:\n" + self.log()) from None
        assert status == 0, f"a node ended with {status}:\n{self.log()}"


class Nodes:
    """Two nodes. Their URLs come in turn, each once its node has heard of what the other one knows."""

    def __init__(self):
        assert STORE, "CLAVIGER_NODES_ON must name a PostgreSQL database; `cargo xtask test --postgres` starts one"
        self.folder = tempfile.TemporaryDirectory(prefix="claviger-nodes-")
        folder = pathlib.Path(self.folder.name)
        keys = folder / "master.key"
        keys.write_text(secrets.token_hex(32))
        keys.chmod(0o600)
        self.schema = f"nodes_{secrets.token_hex(8)}"
        store = f"{STORE}{'&' if '?' in STORE else '?'}schema={self.schema}"
        self.nodes = [Node(folder / name, store, keys) for name in ("one", "two")]
        self.credentials = self._first_key()
        for node in self.nodes:
            node.start()
        self._turns = itertools.cycle(self.nodes)
        # How long changes took to reach the node whose turn it was.
        self.waits = []

    def _first_key(self):
        command = [BINARY, "--output", "json", "keys", "create", "--role", "admin", "--config"]
        made = subprocess.run([*command, str(self.nodes[0].configuration)], capture_output=True, text=True)
        assert made.returncode == 0, made.stderr
        key = json.loads(made.stdout)["AccessKey"]
        return key["AccessKeyId"], key["SecretAccessKey"]

    @property
    def url(self):
        node = next(self._turns)
        known = max(other.revision() for other in self.nodes)
        started = time.monotonic()
        while node.revision() < known:
            waited = time.monotonic() - started
            assert waited < REACHES_SECONDS_MAX, f"a change has not reached a node after {waited:.3f} s:\n{node.log()}"
        self.waits.append(time.monotonic() - started)
        return node.url

    def log(self):
        return "\n".join(node.log() for node in self.nodes)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for node in self.nodes:
            node.stop()
        self.folder.cleanup()

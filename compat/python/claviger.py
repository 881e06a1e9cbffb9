"""Starts, stops and kills the real binary."""

import collections
import os
import pathlib
import subprocess
import threading
import urllib.request

PROJECT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("CLAVIGER_BINARY", str(PROJECT / "target" / "debug" / "claviger"))
FIXTURES = PROJECT / "compat" / "fixtures"
REGION = "us-east-1"

START_SECONDS_MAX = 30
STOP_SECONDS_MAX = 30


class EndedBeforeItListened(Exception):
    """A server that ended, or was ended, while it started; with what it wrote."""


class Server:
    """A running `claviger dev` on a free port; ephemeral unless given a data folder."""

    # It takes any.
    credentials = ("test", "test")

    def __init__(self, data_folder=None, wrapper=(), options=()):
        keep = ["--data-dir", str(data_folder)] if data_folder else ["--ephemeral"]
        command = [*wrapper, BINARY, "dev", "--listen", "127.0.0.1:0", *keep, *options]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self._last_lines = collections.deque(maxlen=200)
        self.url = self._wait_until_listening()
        threading.Thread(target=self._last_lines.extend, args=[self.process.stderr], daemon=True).start()

    def _wait_until_listening(self):
        watchdog = threading.Timer(START_SECONDS_MAX, self.process.kill)
        watchdog.start()
        try:
            for line in self.process.stderr:
                self._last_lines.append(line)
                _, found, address = line.partition("listening on ")
                if found:
                    return address.split()[0]
        finally:
            watchdog.cancel()
        raise EndedBeforeItListened(self.log())

    def log(self):
        """The last lines the server wrote."""
        return "".join(self._last_lines)

    def move_clock(self, seconds):
        """Moves the server's time forward."""
        body = b'{"advanceSeconds": %d}' % seconds
        request = urllib.request.Request(f"{self.url}/_claviger/clock", data=body, method="POST")
        request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request) as response:
            assert response.status == 200, response.status

    def kill(self):
        """Ends the server as a power cut would."""
        self.process.kill()
        self.process.wait(STOP_SECONDS_MAX)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError("the server did not stop when asked to:\n" + self.log()) from None


def execute(server, command, **options):
    """Runs a command under `claviger exec`, pointed at the server."""
    arguments = [BINARY, "--endpoint", server.url, "exec", "--", *map(str, command)]
    return subprocess.run(arguments, capture_output=True, text=True, timeout=120, **options)

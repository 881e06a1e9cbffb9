"""HTTP_PROXY before nginx: killed and restarted under load, slow, too large, cut off, sending what no answer may have."""

import contextlib
import http.client
import signal
import socket
import subprocess
import threading
import time
import urllib.parse

import pytest
import requests
from apis import Api
from claviger import FIXTURES, Server
from proxies import free_port, nginx, wait_until_open
from stories import aws_client

PROXY = "HTTP_PROXY to a backend"
NETWORK = (504, '{"message": "Network error communicating with endpoint"}')
TIMED_OUT = (504, '{"message": "Endpoint request timed out"}')
INTERNAL = (500, '{"message": "Internal server error"}')
# Longer than any answer may take; whoever waits so long hangs.
SECONDS_MAX = 40
BODY_BYTES_MAX = 10 * 1024 * 1024


class Nginx:
    """An nginx of its own folder, which can be killed and started again."""

    def __init__(self, folder, raw_port):
        self.folder, self.port, self.tls_port = folder, free_port(), free_port()
        self.url, self.tls_url = f"http://127.0.0.1:{self.port}", f"https://localhost:{self.tls_port}"
        text = (FIXTURES / "proxying" / "nginx.conf").read_text()
        # The longer names first, which hold the shorter.
        for name, value in [("TLS_PORT", self.tls_port), ("RAW_PORT", raw_port), ("PORT", self.port)]:
            text = text.replace(name, str(value))
        (folder / "nginx.conf").write_text(text)
        files = folder / "files"
        files.mkdir()
        (files / "small").write_bytes(b"x" * 40_000)
        with open(files / "oversized", "wb") as oversized:
            oversized.truncate(BODY_BYTES_MAX + 1)
        self.certificate = folder / "certificate.pem"
        subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-days", "2"]
        usage = ["-addext", "basicConstraints=critical,CA:FALSE"]
        made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "certificate.pem"]
        subprocess.run([*made, *subject, *usage], cwd=folder, check=True, capture_output=True)
        self.process = None

    def start(self):
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
        with open(self.folder / "log", "ab") as log:
            command = nginx(self.folder)
            self.process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.folder, env=environment)
        wait_until_open(self.port, self.process, self.folder / "log")

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(SECONDS_MAX)


class Raw(threading.Thread):
    """A backend that answers each path with the bytes that stand for it, then hangs up or says nothing more."""

    ANSWERS = {
        "/never": None,
        "/cut-early": b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf",
        "/cut-chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1000\r\nhalf",
        "/cut-late": b"HTTP/1.1 200 OK\r\nContent-Length: 2000000\r\n\r\n" + b"x" * 1_000_000,
        "/cut-late-chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nf4240\r\n" + b"x" * 1_000_000 + b"\r\n",
        "/null": b"HTTP/1.1 200 OK\r\nX-Illegal: a\0b\r\nContent-Length: 2\r\n\r\nok",
        "/two-lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok",
        "/folded": b"HTTP/1.1 200 OK\r\n X-Illegal: a\r\nContent-Length: 2\r\n\r\nok",
        "/nonsense": b"nonsense\r\n\r\n",
        "/nothing": b"",
    }

    def __init__(self):
        super().__init__(daemon=True)
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def run(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.socket.accept()
                threading.Thread(target=self.converse, args=[connection], daemon=True).start()

    def converse(self, connection):
        with connection, contextlib.suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head:
                piece = connection.recv(65536)
                if not piece:
                    return
                head += piece
            answer = self.ANSWERS[head.split(b" ")[1].decode()]
            if answer is None:
                connection.recv(1)
            else:
                connection.sendall(answer)


@pytest.fixture(scope="module")
def raw():
    backend = Raw()
    backend.start()
    yield backend
    backend.socket.close()


@pytest.fixture(scope="module")
def backend(tmp_path_factory, raw):
    running = Nginx(tmp_path_factory.mktemp("nginx"), raw.port)
    running.start()
    yield running
    running.kill()


@pytest.fixture(scope="module")
def other(tmp_path_factory, raw):
    running = Nginx(tmp_path_factory.mktemp("other-nginx"), raw.port)
    running.start()
    yield running
    running.kill()


def proxied(server, url, **integration):
    """An API whose every path leads to the same path of a backend."""
    api = Api.empty(server)
    to_backend = {
        "type": "HTTP_PROXY",
        "integrationHttpMethod": "ANY",
        "uri": url + "/{proxy}",
        "requestParameters": {"integration.request.path.proxy": "method.request.path.proxy"},
    }
    to_backend |= integration
    api.method(api.resource("{proxy+}"), "ANY", to_backend, requestParameters={"method.request.path.proxy": True})
    api.deploy()
    return api


@pytest.fixture(scope="module")
def api(server, backend):
    return proxied(server, backend.url)


def said(answer):
    return answer.status_code, answer.text


def ask(api, path):
    return said(requests.get(f"{api.url}/{path}", timeout=SECONDS_MAX))


class Load:
    """Clients that ask without pause, each over a connection of its own, and what they were answered."""

    def __init__(self, api, clients):
        self.api, self.answers, self.wrong = api, 0, []
        self.counts, self.changed, self.stopped = {}, threading.Condition(), threading.Event()
        self.threads = [threading.Thread(target=self.run, daemon=True) for _ in range(clients)]

    def run(self):
        parts = urllib.parse.urlsplit(self.api.url)
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=SECONDS_MAX)
        while not self.stopped.is_set():
            try:
                connection.request("GET", parts.path + "/ok")
                answer = connection.getresponse()
                got = (answer.status, answer.read().decode())
            except OSError as error:
                got = repr(error)
                connection.close()
            with self.changed:
                self.answers += 1
                self.counts[got] = self.counts.get(got, 0) + 1
                self.changed.notify_all()

    def wait_for(self, answer, more=20):
        """Waits until so many more requests were answered like this."""
        with self.changed:
            before = self.counts.get(answer, 0)
            arrived = self.changed.wait_for(lambda: self.counts.get(answer, 0) >= before + more, SECONDS_MAX)
            assert arrived, f"no {more} more of {answer}: {self.counts}"

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        for thread in self.threads:
            thread.join(SECONDS_MAX)
        assert not any(thread.is_alive() for thread in self.threads), "a request hangs"


@pytest.mark.proves("gate", PROXY, "nginx")
def test_a_backend_that_is_killed_under_load_costs_its_own_requests_alone(server, api, backend, other):
    neighbour = proxied(server, other.url)
    with Load(neighbour, clients=4) as left_alone, Load(api, clients=8) as load:
        for _ in range(3):
            load.wait_for((200, "ok"))
            backend.kill()
            load.wait_for(NETWORK)
            left_alone.wait_for((200, "ok"))
            backend.start()
            load.wait_for((200, "ok"))
    assert set(load.counts) == {(200, "ok"), NETWORK}, load.counts
    assert set(left_alone.counts) == {(200, "ok")}, left_alone.counts


@pytest.mark.proves("gate", PROXY, "nginx")
def test_a_slow_backend_times_out(server, backend):
    hasty = proxied(server, backend.url, timeoutInMillis=500)
    begun = time.monotonic()
    for path in ("raw/never", "slow"):
        assert ask(hasty, path) == TIMED_OUT, path
    assert time.monotonic() - begun < 10
    assert ask(hasty, "ok") == (200, "ok")


@pytest.mark.proves("gate", PROXY, "nginx")
def test_an_answer_that_is_too_large_is_refused(api):
    assert ask(api, "oversized") == INTERNAL
    assert ask(api, "ok") == (200, "ok")


@pytest.mark.proves("gate", PROXY, "nginx")
@pytest.mark.parametrize("path", ["cut-early", "cut-chunk", "nothing"])
def test_an_answer_that_is_cut_off_early_is_a_network_error(server, api, raw, path):
    assert ask(proxied(server, raw.url), path) == NETWORK
    # nginx answers by itself where its own backend says nothing at all.
    if path != "nothing":
        assert ask(api, f"raw/{path}") == NETWORK
    assert ask(api, "ok") == (200, "ok")


@pytest.mark.proves("gate", PROXY, "nginx")
@pytest.mark.parametrize("path", ["cut-late", "cut-late-chunk"])
def test_an_answer_that_is_cut_off_late_is_never_taken_for_a_whole_one(server, api, raw, path):
    for url in (f"{api.url}/raw/{path}", f"{proxied(server, raw.url).url}/{path}"):
        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            requests.get(url, timeout=SECONDS_MAX)
    assert ask(api, "ok") == (200, "ok")


@pytest.mark.proves("gate", PROXY, "nginx")
def test_headers_that_no_answer_may_have_are_a_network_error(server, api, raw):
    for path in ("space", "line"):
        assert ask(api, path) == NETWORK, path
    direct = proxied(server, raw.url)
    for path in ("null", "two-lengths", "folded", "nonsense"):
        assert ask(direct, path) == NETWORK, path
    assert ask(api, "ok") == (200, "ok")


@pytest.mark.proves("gate", "A backend's certificate for another name (serverNameToVerify)", "nginx")
@pytest.mark.dev("settings of its own")
def test_a_certificate_is_held_to_the_name_that_is_set(backend, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(backend.certificate))
    with Server() as server:
        gateway = aws_client(server, "apigatewayv2")
        for tls, expected in [({}, 503), ({"ServerNameToVerify": "other.test"}, 503), ({"ServerNameToVerify": "localhost"}, 200)]:
            api = gateway.create_api(Name="named", ProtocolType="HTTP")["ApiId"]
            gateway.create_stage(ApiId=api, StageName="$default", AutoDeploy=True)
            target = gateway.create_integration(
                ApiId=api,
                IntegrationType="HTTP_PROXY",
                IntegrationMethod="GET",
                IntegrationUri=backend.tls_url.replace("localhost", "127.0.0.1") + "/protocol",
                PayloadFormatVersion="1.0",
                **({"TlsConfig": tls} if tls else {}),
            )["IntegrationId"]
            gateway.create_route(ApiId=api, RouteKey="GET /", Target=f"integrations/{target}")
            answer = requests.get(f"{server.url}/_aws/execute-api/{api}/", timeout=SECONDS_MAX)
            assert answer.status_code == expected, (tls, answer.text)


@pytest.mark.proves("gate", PROXY, "nginx")
@pytest.mark.dev("settings of its own")
def test_tls_agrees_on_http_2(backend, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(backend.certificate))
    for setting, expected in [("http2=negotiated", "HTTP/2.0"), ("http2=off", "HTTP/1.1")]:
        with Server(options=["--upstream", setting]) as server:
            assert ask(proxied(server, backend.tls_url), "protocol") == (200, expected), setting
            uploaded = requests.post(f"{proxied(server, backend.tls_url).url}/protocol", data=b"x" * 1_000_000)
            assert said(uploaded) == (200, expected), setting
    monkeypatch.delenv("SSL_CERT_FILE")
    with Server() as server:
        assert ask(proxied(server, backend.tls_url), "protocol") == NETWORK

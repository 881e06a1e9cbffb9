"""HTTP_PROXY and HTTP integrations in front of a real backend."""

import http.server
import json
import threading

import pytest
import requests
from apis import Api

PROXY = "HTTP_PROXY to a backend"


class Echo(http.server.BaseHTTPRequestHandler):
    """Answers with what it was asked."""

    protocol_version = "HTTP/1.1"

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        told = {
            "method": self.command,
            "path": self.path,
            "headers": {name.lower(): value for name, value in self.headers.items()},
            "body": body.decode(),
        }
        status = 418 if self.path.startswith("/teapot") else 200
        text = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/vnd.echo+json")
        self.send_header("Content-Length", str(len(text)))
        self.send_header("X-Backend", "echo")
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = do_PUT = do_DELETE = answer

    def log_message(self, *_):
        """Says nothing."""


@pytest.fixture(scope="module")
def backend():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture(scope="module")
def api(server, backend):
    built = Api.empty(server)
    proxy = built.resource("{proxy+}")
    to_backend = {
        "type": "HTTP_PROXY",
        "integrationHttpMethod": "ANY",
        "uri": backend + "/{proxy}",
        "requestParameters": {"integration.request.path.proxy": "method.request.path.proxy"},
    }
    built.method(proxy, "ANY", to_backend, requestParameters={"method.request.path.proxy": True})
    gone = built.resource("gone")
    built.method(gone, "GET", {"type": "HTTP_PROXY", "integrationHttpMethod": "GET", "uri": "http://127.0.0.1:9/"})
    built.deploy()
    return built


@pytest.mark.proves("gate", PROXY, "requests")
def test_passes_request_and_answer_through(api):
    answer = requests.post(
        f"{api.url}/storms/42?since=2026&tag=a&tag=b",
        data='{"name": "Ada"}',
        headers={"Content-Type": "application/json", "X-Station": "north", "Authorization": "Bearer mine"},
    )
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/vnd.echo+json"
    assert answer.headers["X-Backend"] == "echo"
    told = answer.json()
    assert (told["method"], told["path"]) == ("POST", "/storms/42?since=2026&tag=a&tag=b")
    assert told["body"] == '{"name": "Ada"}'
    headers = told["headers"]
    assert headers["x-station"] == "north" and headers["authorization"] == "Bearer mine"
    assert headers["x-amzn-apigateway-api-id"] == api.id
    assert headers["host"].startswith("127.0.0.1:")


@pytest.mark.proves("gate", PROXY, "requests")
def test_passes_the_backends_status_through(api):
    assert requests.get(f"{api.url}/teapot").status_code == 418


@pytest.mark.proves("gate", PROXY, "requests")
def test_renames_the_headers_that_are_the_gateways_own(api):
    answer = requests.get(f"{api.url}/storms")
    assert "x-amzn-Remapped-Server" in answer.headers
    assert "x-amzn-Remapped-Date" in answer.headers
    assert answer.headers["x-amzn-RequestId"]


def test_a_backend_that_is_not_there_is_a_network_error(api):
    answer = requests.get(f"{api.url}/gone")
    assert (answer.status_code, answer.text) == (504, '{"message": "Network error communicating with endpoint"}')
    assert answer.headers["x-amzn-ErrorType"] == "InternalServerErrorException"

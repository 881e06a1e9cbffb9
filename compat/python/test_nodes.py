"""Two nodes of one database: what one is told, the other goes by within a second."""

import math
import threading
import time

import pytest
import requests
from apis import Api
from machine import Machine
from nodes import REACHES_SECONDS_MAX, Nodes
from stack_crashes import GONE, TEMPLATE, settled
from stories import aws_client

pytestmark = pytest.mark.nodes

CLIENTS = 300
CHANGES = 100


class Pinned:
    """One of the nodes, as a server."""

    def __init__(self, nodes, node):
        self.url, self.credentials = node.url, nodes.credentials


@pytest.fixture(scope="module")
def pair():
    """Both nodes, each as a server of its own."""
    with Nodes() as nodes:
        yield [Pinned(nodes, node) for node in nodes.nodes]


@pytest.fixture(scope="module")
def cast(pair):
    """A pool with a client, made on the first node."""
    return Machine.create(pair[0])


def seconds_until(is_so):
    """How long something takes to be so; it is asked again and again."""
    started = time.monotonic()
    while not is_so():
        waited = time.monotonic() - started
        assert waited < REACHES_SECONDS_MAX, f"not so after {waited:.3f} s"
    return time.monotonic() - started


@pytest.fixture
def tell(capsys):
    """Prints a line for whoever runs the tests."""

    def print_line(text):
        with capsys.disabled():
            print(f"\n{text}")

    return print_line


def check(waits, what, tell):
    """Tells how long changes took to reach the other node; holds the slowest hundredth to the bound."""
    waits = sorted(waits)
    median, slow = waits[len(waits) // 2], waits[math.ceil(len(waits) * 0.99) - 1]
    figures = f"median {median * 1e3:.1f} ms, p99 {slow * 1e3:.1f} ms, at most {waits[-1] * 1e3:.1f} ms"
    tell(f"{what}: {len(waits)} times, {figures}")
    assert slow < REACHES_SECONDS_MAX


def token(session, server, client, secret):
    form = {"grant_type": "client_credentials", "client_id": client, "client_secret": secret}
    return session.post(f"{server.url}/oauth2/token", data=form)


def test_a_client_made_on_one_node_gets_its_token_from_the_other(pair, cast, tell):
    session, waits = requests.Session(), []
    settings = {
        "UserPoolId": cast.pool,
        "ClientName": "station",
        "GenerateSecret": True,
        "AllowedOAuthFlows": ["client_credentials"],
        "AllowedOAuthFlowsUserPoolClient": True,
        "AllowedOAuthScopes": ["weather-api/get"],
    }
    pools = [aws_client(server, "cognito-idp") for server in pair]
    for number in range(CLIENTS):
        made = pools[number % 2].create_user_pool_client(**settings)["UserPoolClient"]
        other = pair[1 - number % 2]
        waits.append(seconds_until(lambda: token(session, other, made["ClientId"], made["ClientSecret"]).status_code == 200))
    check(waits, "a client made on one node is used on the other", tell)


def test_a_secret_that_is_deleted_on_one_node_is_refused_by_the_other(pair, tell):
    session, waits = requests.Session(), []
    machine = Machine.create(pair[0])
    pools = [aws_client(server, "cognito-idp") for server in pair]
    of = {"UserPoolId": machine.pool, "ClientId": machine.client}
    for number in range(CHANGES):
        here, other = pools[number % 2], pair[1 - number % 2]
        made = here.add_user_pool_client_secret(**of)["ClientSecretDescriptor"]
        asked = lambda: token(session, other, machine.client, made["ClientSecretValue"]).status_code
        waits.append(seconds_until(lambda: asked() == 200))
        here.delete_user_pool_client_secret(**of, ClientSecretId=made["ClientSecretId"])
        waits.append(seconds_until(lambda: asked() == 400))
    check(waits, "a secret made and deleted on one node", tell)


def test_a_token_that_is_revoked_on_one_node_is_refused_by_the_other(pair, cast, tell):
    session, waits, auth = requests.Session(), [], (cast.client, cast.secret)
    for number in range(CHANGES):
        here, other = pair[number % 2], pair[1 - number % 2]
        bearer = token(session, other, *auth).json()["access_token"]

        def is_active():
            return session.post(f"{other.url}/_claviger/introspect", auth=auth, data={"token": bearer}).json()["active"]

        assert is_active()
        answer = session.post(f"{here.url}/_claviger/revoke", auth=auth, data={"token": bearer})
        assert answer.status_code == 200, answer.text
        waits.append(seconds_until(lambda: not is_active()))
    check(waits, "a token revoked on one node", tell)


def test_a_limit_is_one_for_both_nodes(pair, tell):
    rate, seconds = 50, 12
    api = Api.empty(pair[0])
    api.mock(api.root, '{"statusCode": 200}', "one")
    api.deploy()
    limits = {"rateLimit": rate, "burstLimit": rate}
    patches = [{"op": "replace", "path": f"/*/*/throttling/{name}", "value": str(value)} for name, value in limits.items()]
    api.gateway.update_stage(restApiId=api.id, stageName=api.stage, patchOperations=patches)
    path, passed = f"/_aws/execute-api/{api.id}/{api.stage}", [0, 0]
    adding = threading.Lock()
    seconds_until(lambda: requests.get(f"{pair[1].url}{path}").status_code in (200, 429))

    def ask(number):
        session, until = requests.Session(), time.monotonic() + seconds
        while time.monotonic() < until:
            status = session.get(f"{pair[number].url}{path}").status_code
            assert status in (200, 429), status
            with adding:
                passed[number] += status == 200

    # One node is asked four times as often as the other.
    threads = [threading.Thread(target=ask, args=[number]) for number in (0, 0, 0, 0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tell(f"a limit of {rate} a second: {sum(passed)} requests passed in {seconds} s, {passed[0]} and {passed[1]} on each node")
    assert 0.85 * rate * seconds < sum(passed) < 1.1 * rate * (seconds + 1)
    assert passed[0] > 2 * passed[1] > 0


def create(server):
    """Begins a stack; the answer may never come."""
    try:
        aws_client(server, "cloudformation").create_stack(StackName="weather", TemplateBody=TEMPLATE.read_text())
    except GONE:
        pass


def test_a_stack_whose_node_is_killed_is_ended_by_the_other(tell):
    with Nodes() as nodes:
        one, two = nodes.nodes
        left = Pinned(nodes, two)
        creation = threading.Thread(target=create, args=[Pinned(nodes, one)])
        creation.start()
        stacks = aws_client(left, "cloudformation")
        while not (found := stacks.describe_stacks()["Stacks"]):
            pass
        one.process.kill()
        one.process.wait()
        nodes.nodes.remove(one)
        creation.join()
        assert stacks.describe_stacks()["Stacks"][0]["StackStatus"] == "CREATE_IN_PROGRESS", "it was ended before"
        started = time.monotonic()
        assert settled(left) == "CREATE_COMPLETE"
        tell(f"stacks of a killed node: ended by the other node after {time.monotonic() - started:.1f} s")
        stacks.delete_stack(StackName="weather")
        assert settled(left) is None
        assert aws_client(left, "cognito-idp").list_user_pools(MaxResults=10)["UserPools"] == []

"""A server that is killed in the middle of a deployment: whoever starts next ends it, one way or the other."""

import json
import random
import threading
import time

import pytest
from claviger import Server
from stack_crashes import GONE, TEMPLATE, own_buckets, settled
from stories import aws_client

pytestmark = pytest.mark.dev("a data folder")

# Whoever wants another course of things names it; each run says which it took.
SEED = int(time.time())
KILLS = 50


def template(broken=False):
    body = json.loads(TEMPLATE.read_text())
    if broken:
        body["Resources"]["WeatherEventsStage"]["Properties"]["Nonsense"] = True
    return json.dumps(body)


def begin(server, broken):
    """Begins a deployment whose answer may never come."""
    stacks = aws_client(server, "cloudformation")
    try:
        stacks.create_stack(StackName="weather", TemplateBody=template(broken))
    except GONE:
        pass


def left(server):
    """What is there beside stacks."""
    pools = aws_client(server, "cognito-idp").list_user_pools(MaxResults=10)["UserPools"]
    apis = aws_client(server, "apigateway").get_rest_apis()["items"]
    return [it["Name"] for it in pools], [it["name"] for it in apis], own_buckets(server)


def check_aftermath(folder, broken):
    """Starts again where a server was killed; the deployment ends as it would have, and can be deleted whole."""
    with Server(data_folder=folder) as server:
        status = settled(server)
        assert status in (None, "ROLLBACK_COMPLETE" if broken else "CREATE_COMPLETE")
        if status == "CREATE_COMPLETE":
            assert [len(names) for names in left(server)] == [1, 1, 1]
        else:
            assert left(server) == ([], [], [])
        stacks = aws_client(server, "cloudformation")
        stacks.delete_stack(StackName="weather")
        assert settled(server) is None and left(server) == ([], [], [])
        return status


def test_a_server_killed_at_any_moment_of_a_deployment(tmp_path):
    print(f"seed {SEED}")
    chance = random.Random(SEED)
    with Server(data_folder=tmp_path / "measured") as server:
        begun = time.monotonic()
        begin(server, broken=False)
        duration = time.monotonic() - begun
    ended = []
    for kill in range(KILLS):
        folder, broken = tmp_path / str(kill), chance.random() < 0.3
        server = Server(data_folder=folder)
        moment = chance.uniform(0, duration)
        killer = threading.Timer(moment, server.kill)
        killer.start()
        begin(server, broken)
        killer.join()
        ended.append(check_aftermath(folder, broken))
    counts = {str(status): ended.count(status) for status in set(ended)}
    print(f"killed {KILLS} times within {duration:.3f} s: {counts}")

"""A server that is killed at every single step of a deployment: right before each commit of its store, and right after."""

import itertools
import json
import shutil

import pytest
from claviger import EndedBeforeItListened, Server
from stack_crashes import GONE, TEMPLATE, own_buckets, settled
from stories import aws_client

pytestmark = pytest.mark.dev("crashes at a given moment")

# Scopes, stages and clients of the template and of its change.
AS_WRITTEN, CHANGED, NOTHING = (3, ["weather"], 1), (4, ["storms"], 1), None


def template(changed=False, broken=False):
    body = json.loads(TEMPLATE.read_text())
    resources = body["Resources"]
    if changed:
        # A scope more, a stage of another name, and a client that is another.
        scopes = resources["CognitoUserPoolResourceServer"]["Properties"]["Scopes"]
        scopes.append({"ScopeName": "watch", "ScopeDescription": "Watch weather events"})
        resources["WeatherEventsStage"]["Properties"]["StageName"] = "storms"
        client = resources["CognitoUserPoolServiceClient"]["Properties"]
        client.update(GenerateSecret=False, AllowedOAuthFlows=["code"], CallbackURLs=["https://weather.example.com"])
    if broken:
        resources["WeatherEventsStage"]["Properties"]["Nonsense"] = True
    return json.dumps(body)


def create(stacks, **kind):
    stacks.create_stack(StackName="weather", TemplateBody=template(**kind))


def update(stacks, **kind):
    stacks.update_stack(StackName="weather", TemplateBody=template(changed=True, **kind))


def delete(stacks):
    stacks.delete_stack(StackName="weather")


# What is done, whether the stack is there before, and what may be there afterwards: status, and resources.
COURSES = {
    "create": (create, False, {None: NOTHING, "CREATE_COMPLETE": AS_WRITTEN}),
    "create and fail": (lambda it: create(it, broken=True), False, {None: NOTHING, "ROLLBACK_COMPLETE": NOTHING}),
    "update": (update, True, {"CREATE_COMPLETE": AS_WRITTEN, "UPDATE_COMPLETE": CHANGED}),
    "update and fail": (
        lambda it: update(it, broken=True),
        True,
        {"CREATE_COMPLETE": AS_WRITTEN, "UPDATE_ROLLBACK_COMPLETE": AS_WRITTEN},
    ),
    "delete": (delete, True, {"CREATE_COMPLETE": AS_WRITTEN, None: NOTHING}),
}


def there(server):
    """What is there of the stack's resources: scopes, stages and clients, and nothing twice."""
    cognito, gateway = aws_client(server, "cognito-idp"), aws_client(server, "apigateway")
    pools, apis = cognito.list_user_pools(MaxResults=10)["UserPools"], gateway.get_rest_apis()["items"]
    own = own_buckets(server)
    if not pools and not apis and not own:
        return NOTHING
    assert [len(pools), len(apis), len(own)] == [1, 1, 1]
    pool = pools[0]["Id"]
    servers = cognito.list_resource_servers(UserPoolId=pool, MaxResults=10)["ResourceServers"]
    clients = cognito.list_user_pool_clients(UserPoolId=pool)["UserPoolClients"]
    stages = gateway.get_stages(restApiId=apis[0]["id"])["item"]
    return len(servers[0]["Scopes"]), [it["stageName"] for it in stages], len(clients)


def lives_on(folder, course, moment):
    """Whether a server that is to be killed at a moment of its life outlives what is done."""
    try:
        server = Server(data_folder=folder, options=["--kill-at", moment])
    except EndedBeforeItListened:
        return False
    try:
        course(aws_client(server, "cloudformation"))
        settled(server)
    except GONE:
        server.process.wait()
        return False
    server.kill()
    return True


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("name", COURSES)
def test_a_server_killed_at_every_commit_of_a_deployment(tmp_path, name, moment):
    course, is_there, outcomes = COURSES[name]
    begun = tmp_path / "begun"
    if is_there:
        with Server(data_folder=begun) as server:
            create(aws_client(server, "cloudformation"))
            assert settled(server) == "CREATE_COMPLETE" and there(server) == AS_WRITTEN
    ended = []
    for commit in itertools.count(1):
        folder = tmp_path / str(commit)
        if is_there:
            shutil.copytree(begun, folder)
        outlived = lives_on(folder, course, f"{moment}:{commit}")
        with Server(data_folder=folder) as server:
            status = settled(server)
            assert status in outcomes, f"{moment} commit {commit}"
            assert there(server) == outcomes[status], f"{moment} commit {commit}"
            ended.append(str(status))
            delete(aws_client(server, "cloudformation"))
            assert settled(server) is None and there(server) == NOTHING, f"{moment} commit {commit}"
        shutil.rmtree(folder)
        if outlived:
            break
    counts = {status: ended.count(status) for status in set(ended)}
    print(f"{name}, killed {moment} each of {len(ended) - 1} commits: {counts}")
    # At least one for each resource.
    assert len(ended) > len(json.loads(template())["Resources"])

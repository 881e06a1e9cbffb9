"""Scripts with AWS's host names written into them, unchanged under `claviger exec`."""

import json
import os
import pathlib
import shutil
import subprocess
import sys

import pytest
from claviger import BINARY, FIXTURES, execute

pytestmark = pytest.mark.dev("claviger exec")

EXEC = "AWS's host names under `claviger exec`"
API = "https://storms.example.org"


def ran(server, folder, script, *arguments, **options):
    """What a script under `claviger exec` printed; it must succeed."""
    done = execute(server, [sys.executable, script, *arguments], cwd=folder, **options)
    assert done.returncode == 0, f"{script}: {done.stdout}\n{done.stderr}"
    return done.stdout


def with_changed_signature(token):
    return token[:-30] + ("B" if token[-30] == "A" else "A") + token[-29:]


@pytest.mark.proves("exec", EXEC, "boto3")
@pytest.mark.proves("exec", EXEC, "requests")
@pytest.mark.proves("exec", EXEC, "PyJWT")
def test_pool_to_validated_token(lone_server, tmp_path):
    shutil.copytree(FIXTURES / "machine-pool", tmp_path, dirs_exist_ok=True)
    pool, client = ran(lone_server, tmp_path, "make_pool.py").split()
    assert pool.startswith("eu-west-1_") and len(client) == 26
    told = ran(lone_server, tmp_path, "fetch_token.py", f"{API}/storms.read")
    assert json.loads(told)["expires_in"] == 3600
    assert ran(lone_server, tmp_path, "check_token.py", input=told).strip() == f"{API}/storms.read"
    told = ran(lone_server, tmp_path, "fetch_token.py")
    assert ran(lone_server, tmp_path, "check_token.py", input=told).split() == [
        f"{API}/storms.read",
        f"{API}/storms.write",
    ]
    token = json.loads(told)["access_token"]
    changed = json.dumps({"access_token": with_changed_signature(token)})
    refused = execute(lone_server, [sys.executable, "check_token.py"], cwd=tmp_path, input=changed)
    assert refused.returncode == 1 and "InvalidSignatureError" in refused.stderr


@pytest.mark.proves("exec", EXEC, "curl")
def test_curl_reaches_aws_host_names(server, machine):
    url = f"https://{machine.domain}.auth.us-east-1.amazoncognito.com/oauth2/token"
    form = ["--data", f"grant_type=client_credentials&client_id={machine.client}&client_secret={machine.secret}"]
    done = execute(server, ["curl", "--silent", "--show-error", *form, url])
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["token_type"] == "Bearer"


@pytest.mark.proves("exec", EXEC, "AWS CLI")
def test_the_aws_cli_makes_the_same_pool(lone_server, tmp_path):
    aws = str(pathlib.Path(sys.executable).with_name("aws"))
    # Version 1 would fetch an argument that is a URL; version 2 has no such habit.
    config = tmp_path / "config"
    config.write_text("[default]\ncli_follow_urlparam = false\n")

    def text(*words):
        environment = {**os.environ, "AWS_CONFIG_FILE": str(config)}
        done = execute(lone_server, [aws, "cognito-idp", *words], env=environment)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    pool = text("create-user-pool", "--pool-name", "stations", "--query", "UserPool.Id", "--output", "text")
    text(
        *("create-resource-server", "--user-pool-id", pool, "--identifier", API, "--name", "storms"),
        *("--scopes", "ScopeName=storms.read,ScopeDescription=r", "ScopeName=storms.write,ScopeDescription=w"),
    )
    client = json.loads(
        text(
            *("create-user-pool-client", "--user-pool-id", pool, "--client-name", "station", "--generate-secret"),
            *("--allowed-o-auth-flows", "client_credentials", "--allowed-o-auth-flows-user-pool-client"),
            *("--allowed-o-auth-scopes", f"{API}/storms.read", f"{API}/storms.write"),
        )
    )["UserPoolClient"]
    text("create-user-pool-domain", "--user-pool-id", pool, "--domain", "storm-stations")
    described = json.loads(text("describe-user-pool-domain", "--domain", "storm-stations"))
    assert described["DomainDescription"]["UserPoolId"] == pool
    assert client["AllowedOAuthScopes"] == [f"{API}/storms.read", f"{API}/storms.write"]


def test_env_prints_what_exec_sets(server):
    done = subprocess.run([BINARY, "--endpoint", server.url, "env"], capture_output=True, text=True, check=True)
    lines = dict(line.removeprefix("export ").split("=", 1) for line in done.stdout.splitlines() if "=" in line)
    assert lines["AWS_ENDPOINT_URL"].strip("'\"") == server.url
    assert {"HTTPS_PROXY", "NO_PROXY", "AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"} <= set(lines)

"""No secret is in clear in what is kept: neither in files, nor in a dump of the database."""

import base64
import pathlib
import shutil
import subprocess

import nodes
import pytest
import requests
from claviger import Server
from machine import Machine
from stories import aws_client
from test_functions import make, zipped

# What others may know, to be sure that the search finds what is there.
KNOWN = "the storms of 1999"


def forms(secret):
    """How a secret may be written: as it is, and as others write bytes."""
    raw = secret.encode()
    yield raw
    yield raw.hex().encode()
    yield raw.hex().upper().encode()
    yield secret.encode("utf-16-le")
    for before in range(3):
        # What comes before moves the digits; those at both ends are of neighbours, too.
        text = base64.b64encode(bytes(before) + raw).rstrip(b"=")
        yield text[4:-1] if before else text[:-1]


def keep_secrets(server):
    """Has a server keep secrets of every kind; tells them, each with what it is."""
    machine = Machine.create(server)
    pools, client = aws_client(server, "cognito-idp"), {"UserPoolId": machine.pool, "ClientId": machine.client}
    secrets = {"client secret": machine.secret, "token": machine.token()}
    secrets["second client secret"] = pools.add_user_pool_client_secret(**client)["ClientSecretDescriptor"]["ClientSecretValue"]
    user = {"UserPoolId": machine.pool, "Username": "ada"}
    pools.admin_create_user(**user, TemporaryPassword="Temporary-9-password")
    pools.admin_set_user_password(**user, Password="Lovelace-1815-secret", Permanent=True)
    flows = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
    app = pools.create_user_pool_client(UserPoolId=machine.pool, ClientName="app", ExplicitAuthFlows=flows)
    signed_in = pools.initiate_auth(
        ClientId=app["UserPoolClient"]["ClientId"],
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ada", "PASSWORD": "Lovelace-1815-secret"},
    )["AuthenticationResult"]
    secrets |= {"password": "Lovelace-1815-secret", "refresh token": signed_in["RefreshToken"]}
    secrets["temporary password"] = "Temporary-9-password"
    gateway = aws_client(server, "apigateway")
    secrets["API key"] = gateway.create_api_key(name="key", enabled=True)["value"]
    secrets["chosen API key"] = "a-chosen-key-of-twenty-characters"
    gateway.create_api_key(name="chosen", enabled=True, value=secrets["chosen API key"])
    kept = aws_client(server, "secretsmanager")
    kept.create_secret(Name="text", SecretString="hail and thunder", Description=KNOWN)
    kept.put_secret_value(SecretId="text", SecretString="sleet and snow")
    kept.create_secret(Name="bytes", SecretBinary=b"bytes of lightning")
    secrets |= {"secret": "hail and thunder", "later secret": "sleet and snow", "secret bytes": "bytes of lightning"}
    parameters = aws_client(server, "ssm")
    parameters.put_parameter(Name="/storms/secure", Type="SecureString", Value="winds of the north")
    secrets["SecureString"] = "winds of the north"
    environment = {"Variables": {"TOKEN": "token of a function"}}
    make(aws_client(server, "lambda"), "keeper", "python3.12", zipped(index_py="def handler(*_): pass"), Environment=environment)
    secrets["variable of a function"] = "token of a function"
    session = aws_client(server, "sts").get_session_token()["Credentials"]
    secrets |= {"secret of a session": session["SecretAccessKey"], "token of a session": session["SessionToken"]}
    if server.credentials[1] != "test":
        secrets["secret of an access key"] = server.credentials[1]
    # They are given out as they were.
    assert requests.post(f"{server.url}/oauth2/token", data={"grant_type": "client_credentials"}, auth=(machine.client, machine.secret)).ok
    return secrets


def search(content, secrets, where):
    for what, secret in secrets.items():
        for form in forms(secret):
            assert form not in content, f"the {what} is in clear in {where}"
    for mark in (b"PRIVATE KEY", b"MIIEv", b"MIIJQ"):
        assert mark not in content, f"a private key is in clear in {where}"


def search_files(folder, secrets):
    found = b""
    for path in sorted(pathlib.Path(folder).rglob("*")):
        # What `claviger dev` keeps beside its store, for its owner alone: the master key, and that of its authority.
        if path.name in ("master.key", "ca.key"):
            assert path.stat().st_mode & 0o077 == 0, f"others may read {path.name}"
        elif path.is_file():
            content = path.read_bytes()
            search(content, secrets, path.relative_to(folder))
            found += content
    return found


@pytest.mark.dev("a data folder")
def test_no_secret_is_in_clear_in_files(tmp_path):
    server = Server(data_folder=tmp_path)
    secrets = keep_secrets(server)
    # What a crash leaves is searched, journal and all, and what an orderly stop leaves.
    server.kill()
    assert KNOWN.encode() in search_files(tmp_path, secrets)
    with Server(data_folder=tmp_path):
        pass
    assert KNOWN.encode() in search_files(tmp_path, secrets)


@pytest.mark.nodes
def test_no_secret_is_in_clear_in_a_dump():
    assert shutil.which("pg_dump"), "pg_dump is missing; install PostgreSQL's client programs (Debian: postgresql-client)"
    with nodes.Nodes() as servers:
        secrets = keep_secrets(servers)
        for node in servers.nodes:
            search_files(node.configuration.parent / "data", secrets)
        for form in ("plain", "custom"):
            command = ["pg_dump", f"--schema={servers.schema}", f"--format={form}", "--compress=0", nodes.STORE]
            dump = subprocess.run(command, capture_output=True, check=True).stdout
            search(dump, secrets, f"a dump ({form})")
            assert KNOWN.encode() in dump

"""Plays stories: lists of AWS calls with what each must answer, the same for every client (see ../README.md)."""

import base64
import contextlib
import functools
import io
import json
import os
import re
import tempfile
import urllib.parse

# boto3 comes first: the AWS CLI would put an older botocore of its own, which lacks newer operations, in its place.
import boto3
import botocore.config
import botocore.exceptions
import requests
from botocore import xform_name
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

import awscli.clidriver

from claviger import FIXTURES, REGION

STORIES = [(path.stem, json.loads(path.read_text())) for path in sorted((FIXTURES.parent / "stories").glob("*.json"))]


class Refusal(Exception):
    """The service refused a call."""

    def __init__(self, code, message):
        super().__init__(f"{code}: {message}")
        self.code, self.message = code, message


def environment(server):
    """What tells AWS's tools how to sign for a server."""
    key, secret = server.credentials
    return {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret, "AWS_DEFAULT_REGION": REGION}


def aws_client(server, service, **options):
    """A boto3 client that never retries, so that every answer is seen. Each call goes where the server's URL is then."""
    key, secret = server.credentials
    client = boto3.client(
        service,
        endpoint_url=server.url,
        region_name=options.pop("region_name", REGION),
        aws_access_key_id=options.pop("aws_access_key_id", key),
        aws_secret_access_key=secret,
        config=botocore.config.Config(retries={"total_max_attempts": 1}, **options),
    )
    client.meta.events.register("before-call", functools.partial(_turn, server))
    return client


def signed(server, method, path, body=None, **headers):
    """The answer to a request to Claviger itself, signed as its operators sign."""
    url = f"{server.url}{path}"
    request = AWSRequest(method, url, data=body, headers=headers)
    SigV4Auth(Credentials(*server.credentials), "claviger", REGION).add_auth(request)
    return requests.request(method, url, data=body, headers=dict(request.prepare().headers))


def _turn(server, params, **_):
    parts = urllib.parse.urlsplit(params["url"])
    params["url"] = parts._replace(netloc=urllib.parse.urlsplit(server.url).netloc).geturl()


class Boto3:
    """Plays steps through boto3."""

    name = "boto3"

    def __init__(self, server):
        self.server, self.clients = server, {}

    def call(self, service, operation, arguments):
        client = self.clients.setdefault(service, None) or aws_client(self.server, service)
        self.clients[service] = client
        if operation in ZIPPED and "ZipFile" in arguments:
            arguments[ZIPPED[operation]] = {"ZipFile": arguments.pop("ZipFile")}
        try:
            answer = getattr(client, xform_name(operation))(**arguments)
            if operation in WRITTEN:
                answer[WRITTEN[operation]] = answer[WRITTEN[operation]].read().decode()
            return answer
        except botocore.exceptions.ClientError as error:
            code = error.response["Error"]["Code"]
            modelled = client.exceptions._code_to_exception.get(code)
            assert modelled is None or isinstance(error, modelled), f"{type(error)} is not {code}"
            raise Refusal(code, error.response["Error"]["Message"]) from error


# Operations whose answer is a document, which the CLI writes into a file, and the member that holds it.
WRITTEN = {"ExportApi": "body", "GetExport": "body", "Invoke": "Payload"}
# Operations that take a zip inside a member.
ZIPPED = {"CreateFunction": "Code", "PublishLayerVersion": "Content"}

# That it did not try again is what the tests told it.
COMPLAINT = r"An error occurred \((\w+)\) when calling the \w+ operation(?: \(reached max retries: 0\))?: (.*)"


class AwsCli:
    """Plays steps through the AWS CLI's own entry point, in this process, because starting Python takes longer."""

    name = "AWS CLI"

    def __init__(self, server):
        self.server = server
        os.environ.update(environment(server), AWS_MAX_ATTEMPTS="1", AWS_PAGER="")
        self.driver = awscli.clidriver.create_clidriver()

    def call(self, service, operation, arguments):
        # The CLI calls its own commands for files `s3`.
        words = ["s3api" if service == "s3" else service, xform_name(operation, "-"), "--endpoint-url", self.server.url, "--output", "json"]
        # Left alone, the CLI asks for all pages and shows them as one.
        words.append("--no-paginate")
        body = arguments.pop("body", None)
        if body is not None:
            words += ["--body", body.decode() if isinstance(body, bytes) else body]
        with tempfile.TemporaryDirectory() as folder:
            # A zip comes from a file, and a function's answer goes to one.
            code, output = f"{folder}/code.zip", f"{folder}/answer"
            if "ZipFile" in arguments:
                with open(code, "wb") as file:
                    file.write(arguments.pop("ZipFile"))
                words += ["--zip-file", f"fileb://{code}"]
            if operation in WRITTEN:
                for name, value in arguments.items():
                    option = xform_name(name, "-")
                    flag = [f"--{option}" if value else f"--no-{option}"]
                    text = value if isinstance(value, str) else json.dumps(value)
                    words += flag if isinstance(value, bool) else [f"--{option}", text]
                words.append(output)
            else:
                words += ["--cli-input-json", json.dumps(arguments)]
            status, printed, complained = self.run(words)
            if status == 0:
                answer = json.loads(printed) if printed.strip() else {}
                if operation in WRITTEN:
                    with open(output) as file:
                        answer[WRITTEN[operation]] = file.read()
                return answer
        found = re.search(COMPLAINT, complained, re.DOTALL)
        assert found, f"aws {' '.join(words)} ended with {status}: {complained}"
        raise Refusal(found[1], found[2].rstrip("\n"))

    def run(self, words):
        """Runs `aws WORDS`; the exit status and what it printed on both streams."""
        printed, complained = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(complained):
            status = self.driver.main(words)
        return status, printed.getvalue(), complained.getvalue()


def play(story, player):
    """Plays a story to its end; returns the proofs it earned."""
    names, proofs = {}, []
    for number, step in enumerate(story["steps"], start=1):
        if "messages" in step:
            answer = messages(player.server, fill(step["messages"], names))
            check(answer, fill(step.get("expect", {}), names), f"step {number}, messages")
            names.update({name: find(answer, path) for name, path in step.get("keep", {}).items()})
            continue
        service, operation = step.get("service", story.get("service")), step["operation"]
        arguments = fill(step.get("input", {}), names)
        if "document" in step:
            arguments["body"] = (FIXTURES / step["document"]).read_bytes()
            for name, value in names.items():
                arguments["body"] = arguments["body"].replace(b"${%s}" % name.encode(), value.encode())
        if "zip" in step:
            arguments["ZipFile"] = base64.b64decode((FIXTURES / step["zip"]).read_text())
        where = f"step {number}, {operation}({json.dumps(step.get('input', {}))})"
        refused = step.get("refused")
        try:
            answer = player.call(service, operation, arguments)
        except Refusal as refusal:
            assert refused, f"{where}: refused with {refusal}"
            assert (refusal.code, refusal.message) == (refused, fill(step["message"], names)), where
        else:
            assert not refused, f"{where}: not refused, but answered {answer}"
            check(answer, fill(step.get("expect", {}), names), where)
            for name, path in step.get("keep", {}).items():
                names[name] = find(answer, path)
        proofs.append({"subject": service, "what": operation, "client": player.name, "refusal": bool(refused)})
    return proofs


def messages(server, query):
    """What AWS would have sent to a user, newest first."""
    answer = signed(server, "GET", f"/_claviger/messages?{urllib.parse.urlencode(query)}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def fill(value, names):
    """Puts what earlier answers gave where the story says `${name}`."""
    if isinstance(value, str):
        return re.sub(r"\$\{(\w+)\}", lambda found: names.get(found[1], found[0]), value)
    if isinstance(value, list):
        return [fill(item, names) for item in value]
    if isinstance(value, dict):
        return {fill(key, names): fill(item, names) for key, item in value.items()}
    return value


def check(answer, expected, where):
    """Members not named may be anything; `null` is absence, `~` starts a pattern; lists match one to one."""
    if isinstance(expected, dict):
        assert isinstance(answer, dict), f"{where}: {answer!r} is not an object"
        for name, value in expected.items():
            if value is None:
                assert answer.get(name) is None, f"{where}.{name}: must be absent, is {answer[name]!r}"
            else:
                assert name in answer, f"{where}.{name}: missing in {answer!r}"
                check(answer[name], value, f"{where}.{name}")
    elif isinstance(expected, list):
        assert isinstance(answer, list) and len(answer) == len(expected), f"{where}: {answer!r} is not {expected!r}"
        for position, pair in enumerate(zip(answer, expected)):
            check(*pair, f"{where}[{position}]")
    elif isinstance(expected, str) and expected.startswith("~"):
        assert re.search(expected[1:], str(answer)), f"{where}: {answer!r} does not match {expected[1:]!r}"
    else:
        assert answer == expected and isinstance(answer, bool) == isinstance(expected, bool), (
            f"{where}: {answer!r} is not {expected!r}"
        )


def find(answer, path):
    """The value at `A.b.0.c`."""
    for part in path.split("."):
        answer = answer[int(part)] if isinstance(answer, list) else answer[part]
    return answer

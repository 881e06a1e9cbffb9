"""The tutorial projects in the folder that CLAVIGER_TUTORIALS names, run as written. Without it there is nothing here to run."""

import json
import os
import pathlib
import shutil
import sys

from claviger import execute
from test_hard_coded_hosts import ran, with_changed_signature

TUTORIALS = pathlib.Path(os.environ["CLAVIGER_TUTORIALS"])


def test_the_read_write_api_tutorial_runs_as_written(lone_server, tmp_path):
    shutil.copytree(TUTORIALS / "boto3-readwrite-api", tmp_path, dirs_exist_ok=True)
    # The region comes from the tutorial's own default, so nothing of ours may name one.
    options = {"env": {name: value for name, value in os.environ.items() if name != "AWS_DEFAULT_REGION"}}
    ran(lone_server, tmp_path, "setup_cognito.py", **options)
    told = ran(lone_server, tmp_path, "get_token.py", **options)
    assert list(json.loads(told)) == ["access_token", "expires_in", "token_type"]
    wrong = execute(lone_server, [sys.executable, "validate.py"], cwd=tmp_path, input=told, **options)
    assert "Wrong scope" in wrong.stdout and wrong.returncode == 1
    told = ran(lone_server, tmp_path, "get_token.py", "https://my-api-server.org/api.write", **options)
    answer = ran(lone_server, tmp_path, "validate.py", input=told, **options)
    assert json.loads(answer) == {"status_code": 200, "body": "This is your body."}
    token = json.loads(told)["access_token"]
    changed = json.dumps({"access_token": with_changed_signature(token)})
    refused = execute(lone_server, [sys.executable, "validate.py"], cwd=tmp_path, input=changed, **options)
    assert "InvalidSignatureError" in refused.stderr


def test_the_weather_events_tutorials_document_imports(server, machine):
    import requests
    from apis import Api

    document = (TUTORIALS / "serverless-weather-events" / "openapi.yaml").read_text()
    document = document.replace("!GetAtt CognitoUserPool.Arn", machine.arn)
    gateway = Api.empty(server).gateway
    made = gateway.import_rest_api(body=document.encode(), parameters={"endpointConfigurationTypes": "REGIONAL"})
    api = Api(server, made["id"], "weather")
    api.deploy()
    for slash in ("", "/"):
        for prefix in ("", "Bearer "):
            headers = {"Authorization": prefix + machine.token("weather-api/get"), "Content-Type": "application/json"}
            answer = requests.get(api.url + slash, headers=headers)
            assert answer.status_code == 200 and len(answer.json()["events"]) == 2
    headers = {"Authorization": f"Bearer {machine.token('weather-api/post')}"}
    assert requests.get(api.url, headers=headers).text == '{"message":"Unauthorized"}'
    assert requests.post(api.url, headers=headers).json()["name"] == "Storms Malik and Corrie"

"""Functions: made by boto3 from a zip, called by it, and called by a pool's hook as the pool's permission allows."""

import io
import json
import zipfile

import botocore.exceptions
import jwt
import pytest
from claviger import Server
from machine import Machine
from stories import aws_client

ROLE = "arn:aws:iam::000000000000:role/storms"

CLAIMS = """
exports.handler = async (event) => {
  if (!event.response) return event;
  event.response.claimsAndScopeOverrideDetails = {
    accessTokenGeneration: { claimsToAddOrOverride: { tenant: process.env.TENANT } },
  };
  return event;
};
"""

def zipped(**files):
    """A zip of these files; an underscore in a name stands for its last dot."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as writer:
        for name, text in files.items():
            writer.writestr(".".join(name.rsplit("_", 1)), text)
    return archive.getvalue()


def make(functions, name, runtime, code, **settings):
    made = functions.create_function(
        FunctionName=name, Runtime=runtime, Handler="index.handler", Role=ROLE, Code={"ZipFile": code}, **settings
    )
    functions.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})
    return made["FunctionArn"]


@pytest.mark.proves("functions", "A zip made and invoked", "boto3")
def test_a_function_of_a_zip_answers(lone_server):
    functions = aws_client(lone_server, "lambda")
    code = "def handler(event, context):\n    return {'sum': event['a'] + event['b'], 'by': context.function_name}\n"
    make(functions, "sum", "python3.12", zipped(index_py=code))
    answer = functions.invoke(FunctionName="sum", Payload=json.dumps({"a": 1, "b": 2}), LogType="Tail")
    assert json.load(answer["Payload"]) == {"sum": 3, "by": "sum"}
    failed = functions.invoke(FunctionName="sum", Payload=b"{}")
    assert failed["FunctionError"] == "Unhandled"
    assert json.load(failed["Payload"])["errorMessage"] == "'a'"
    functions.update_function_code(
        FunctionName="sum", ZipFile=zipped(index_py=code.replace("event['a'] + event['b']", "7"))
    )
    functions.get_waiter("function_updated_v2").wait(FunctionName="sum", WaiterConfig={"Delay": 1})
    assert json.load(functions.invoke(FunctionName="sum")["Payload"])["sum"] == 7
    functions.delete_function(FunctionName="sum")
    with pytest.raises(functions.exceptions.ResourceNotFoundException):
        functions.get_function(FunctionName="sum")


@pytest.mark.proves("functions", "A hook written in Node.js changes a token", "PyJWT")
def test_a_pools_hook_is_a_function(lone_server):
    functions = aws_client(lone_server, "lambda")
    machine = Machine.create(lone_server)
    pools = aws_client(lone_server, "cognito-idp")
    environment = {"Variables": {"TENANT": "north"}}
    arn = make(functions, "claims", "nodejs22.x", zipped(index_js=CLAIMS), Environment=environment)
    config = {"PreTokenGenerationConfig": {"LambdaVersion": "V3_0", "LambdaArn": arn}}
    pools.update_user_pool(UserPoolId=machine.pool, LambdaConfig=config)
    refused = machine.ask()
    assert refused.status_code == 400 and "does not let cognito-idp.amazonaws.com invoke it" in refused.text
    pool = pools.describe_user_pool(UserPoolId=machine.pool)["UserPool"]["Arn"]
    functions.add_permission(
        FunctionName="claims",
        StatementId="pool",
        Action="lambda:InvokeFunction",
        Principal="cognito-idp.amazonaws.com",
        SourceArn=pool,
    )
    # A hook has five seconds, in which a busy machine may not manage to start an interpreter: one is started before.
    functions.invoke(FunctionName="claims")
    assert jwt.decode(machine.token(), options={"verify_signature": False})["tenant"] == "north"


@pytest.mark.proves("functions", "A function's own timeout", "boto3")
def test_a_function_that_hangs_is_ended(lone_server):
    functions = aws_client(lone_server, "lambda")
    make(functions, "hang", "nodejs22.x", zipped(index_js="exports.handler = () => { for (;;); };"), Timeout=1)
    answer = functions.invoke(FunctionName="hang")
    error = json.load(answer["Payload"])
    assert (answer["FunctionError"], error["errorType"]) == ("Unhandled", "Sandbox.Timedout")
    assert error["errorMessage"].endswith(" Error: Task timed out after 1.00 seconds")


@pytest.mark.proves("functions", "Functions outlive the server", "boto3")
@pytest.mark.dev("a data folder")
def test_functions_are_kept_with_their_code(tmp_path):
    code = "def handler(event, context):\n    return 'still here'\n"
    with Server(data_folder=tmp_path) as server:
        make(aws_client(server, "lambda"), "kept", "python3.12", zipped(index_py=code))
        server.kill()
    with Server(data_folder=tmp_path) as server:
        answer = aws_client(server, "lambda").invoke(FunctionName="kept")
        assert json.load(answer["Payload"]) == "still here"


@pytest.mark.proves("functions", "Unknown functions are refused", "boto3")
def test_unknown_functions_are_refused(lone_server):
    functions = aws_client(lone_server, "lambda")
    with pytest.raises(botocore.exceptions.ClientError) as refusal:
        functions.invoke(FunctionName="none")
    assert isinstance(refusal.value, functions.exceptions.ResourceNotFoundException)

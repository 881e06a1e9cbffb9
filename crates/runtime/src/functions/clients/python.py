"""Runs a Python function: loads its handler, asks the Runtime API for events and tells it what came of them."""

import http.client
import importlib
import json
import logging
import os
import sys
import time
import traceback

API = os.environ["AWS_LAMBDA_RUNTIME_API"]
ROOT = "/2018-06-01/runtime"


class Fault(Exception):
    """A function that cannot be loaded, or a result that cannot be told: kind and message."""

    def __init__(self, kind, message):
        super().__init__(message)
        self.kind = kind


class RuntimeApi:
    """One connection to the Runtime API, opened anew when it is gone."""

    def __init__(self):
        self.connection = None

    def call(self, method, path, body=None, headers=None):
        if self.connection is None:
            self.connection = http.client.HTTPConnection(API)
        try:
            self.connection.request(method, ROOT + path, body, headers or {})
            response = self.connection.getresponse()
            return response, response.read()
        except (http.client.HTTPException, OSError):
            self.connection = None
            raise

    def next(self):
        return self.call("GET", "/invocation/next")

    def respond(self, request_id, body):
        self.call("POST", f"/invocation/{request_id}/response", body, {"Content-Type": "application/json"})

    def fail(self, path, error):
        headers = {"Content-Type": "application/json", "Lambda-Runtime-Function-Error-Type": error["errorType"]}
        self.call("POST", path, to_json(error), headers)


class CognitoIdentity:
    """Nobody's: callers here have none."""

    cognito_identity_id = None
    cognito_identity_pool_id = None


class Client:
    """The application that calls, as it says."""

    def __init__(self, told):
        self.installation_id = told.get("installation_id")
        self.app_title = told.get("app_title")
        self.app_version_name = told.get("app_version_name")
        self.app_version_code = told.get("app_version_code")
        self.app_package_name = told.get("app_package_name")


class ClientContext:
    """What the caller hands on."""

    def __init__(self, told):
        self.client = Client(told.get("client") or {})
        self.custom = told.get("custom")
        self.env = told.get("env")


class LambdaContext:
    """What a handler is told about its call."""

    def __init__(self, headers):
        environment = os.environ
        self.aws_request_id = headers["Lambda-Runtime-Aws-Request-Id"]
        self.invoked_function_arn = headers["Lambda-Runtime-Invoked-Function-Arn"]
        self.function_name = environment["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = environment["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = environment["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = environment["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = environment["AWS_LAMBDA_LOG_STREAM_NAME"]
        self.tenant_id = headers.get("Lambda-Runtime-Aws-Tenant-Id")
        self.identity = CognitoIdentity()
        told = headers.get("Lambda-Runtime-Client-Context")
        self.client_context = ClientContext(json.loads(told)) if told else None
        self._deadline = int(headers["Lambda-Runtime-Deadline-Ms"])

    def get_remaining_time_in_millis(self):
        return max(self._deadline - int(time.time() * 1000), 0)

    def log(self, text):
        sys.stdout.write(str(text))


class LogHandler(logging.Handler):
    """Writes what is logged the way Lambda does, with the id of the request at hand."""

    request_id = ""

    def emit(self, record):
        sys.stdout.write(self.format(record))

    def format(self, record):
        record.aws_request_id = LogHandler.request_id
        return super().format(record)


def prepare_output():
    """What is printed is out before the event is answered, line by line, and what is logged goes the same way."""
    sys.stdout.reconfigure(line_buffering=True)
    sys.stderr.reconfigure(line_buffering=True)
    formatter = logging.Formatter(
        "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s\n", "%Y-%m-%dT%H:%M:%S"
    )
    formatter.converter = time.gmtime
    handler = LogHandler()
    handler.setFormatter(formatter)
    logging.root.addHandler(handler)


def load(named):
    """The handler that `module.function` names."""
    try:
        module, function = named.rsplit(".", 1)
    except ValueError as error:
        raise Fault("Runtime.MalformedHandlerName", f"Bad handler '{named}': {error}") from error
    try:
        loaded = importlib.import_module(module.replace("/", "."))
    except ImportError as error:
        raise Fault("Runtime.ImportModuleError", f"Unable to import module '{module}': {error}") from error
    except SyntaxError as error:
        raise Fault("Runtime.UserCodeSyntaxError", f"Syntax error in module '{module}': {error}") from error
    handler = getattr(loaded, function, None)
    if handler is None:
        raise Fault("Runtime.HandlerNotFound", f"Handler '{function}' missing on module '{module}'")
    return handler


def to_json(value):
    return json.dumps(value, ensure_ascii=False, default=plain).encode()


def plain(value):
    """What JSON has no form for, as far as Lambda helps out."""
    if type(value).__name__ == "Decimal":
        return float(value)
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


def told(error, request_id):
    """An error as callers see it: what leads from the handler to it, but not what leads to the handler."""
    if isinstance(error, Fault):
        kind, trace = error.kind, []
        if error.__cause__ is not None and isinstance(error.__cause__, SyntaxError):
            cause = error.__cause__
            trace = [f'  File "{cause.filename}" Line {cause.lineno}\n    {cause.text}']
    else:
        kind = type(error).__name__
        frames = traceback.extract_tb(error.__traceback__)
        trace = traceback.format_list([frame for frame in frames if frame.filename != __file__])
        trace = [line for line in trace if "importlib" not in line]
    return {"errorMessage": str(error), "errorType": kind, "requestId": request_id, "stackTrace": trace}


def write_error(error):
    lines = [f"[ERROR] {error['errorType']}: {error['errorMessage']}"]
    if error["stackTrace"]:
        lines += ["Traceback (most recent call last):", *(line.rstrip("\n") for line in error["stackTrace"])]
    print("\n".join(lines))


def answer(handler, headers, body):
    """What the handler makes of an event, as JSON."""
    try:
        event = json.loads(body)
    except ValueError as error:
        raise Fault("Runtime.UnmarshalError", f"Unable to unmarshal input: {error}") from error
    result = handler(event, LambdaContext(headers))
    try:
        return to_json(result)
    except (TypeError, ValueError, RecursionError) as error:
        raise Fault("Runtime.MarshalError", f"Unable to marshal response: {error}") from error


def main():
    sys.path[0] = os.environ["LAMBDA_TASK_ROOT"]
    sys.argv = [os.environ["_HANDLER"]]
    prepare_output()
    api = RuntimeApi()
    try:
        handler = load(os.environ["_HANDLER"])
    except Exception as error:
        error = told(error, "")
        write_error(error)
        sys.stdout.flush()
        api.fail("/init/error", error)
        sys.exit(1)
    while True:
        response, body = api.next()
        if response.status != 200:
            sys.exit(0)
        request_id = response.headers["Lambda-Runtime-Aws-Request-Id"]
        LogHandler.request_id = request_id
        trace = response.headers.get("Lambda-Runtime-Trace-Id")
        if trace:
            os.environ["_X_AMZN_TRACE_ID"] = trace
        try:
            result = answer(handler, response.headers, body)
        except Exception as error:
            error = told(error, request_id)
            write_error(error)
            sys.stdout.flush()
            api.fail(f"/invocation/{request_id}/error", error)
        else:
            sys.stdout.flush()
            api.respond(request_id, result)


if __name__ == "__main__":
    try:
        main()
    except (http.client.HTTPException, ConnectionError):
        # Nobody is there any more to work for.
        os._exit(0)

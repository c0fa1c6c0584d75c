"""Runs in the function's process: loads the handler, calls it with one event, and writes down how it ended.

Started as `python -I -S bootstrap.py INVOCATION RESULT`: it sees the standard library and nothing of ours.
Source: https://docs.aws.amazon.com/lambda/latest/dg/python-handler.html, -context.html, -exceptions.html
"""

import importlib
import json
import logging
import os
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any

LOG_FORMAT = "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s"


class Context:
    """https://docs.aws.amazon.com/lambda/latest/dg/python-context.html"""

    def __init__(self, invocation: dict[str, Any]) -> None:
        self.aws_request_id = invocation["request_id"]
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.invoked_function_arn = invocation["arn"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self.identity = None
        self.client_context = None
        self._deadline = invocation["deadline"]

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int((self._deadline - time.time()) * 1000))


class Refused(Exception):
    """The runtime itself cannot go on; `kind` is AWS's name for it."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


def set_up_logging(request_id: str) -> None:
    class WithRequest(logging.Filter):
        def filter(self, record: logging.LogRecord) -> bool:
            record.aws_request_id = request_id
            return True

    handler = logging.StreamHandler(sys.stdout)
    formatter = logging.Formatter(LOG_FORMAT, "%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    handler.addFilter(WithRequest())
    logging.getLogger().addHandler(handler)


def load(name: str) -> Callable[[Any, Context], Any]:
    module_name, _, function_name = name.rpartition(".")
    if not module_name:
        raise Refused("Runtime.MalformedHandlerName", f"Bad handler '{name}': not enough values to unpack")
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        raise Refused(
            "Runtime.ImportModuleError", f"Unable to import module '{module_name}': {error}"
        ) from None
    except SyntaxError as error:
        message = f"Syntax error in module '{module_name}': {error}"
        raise Refused("Runtime.UserCodeSyntaxError", message) from None
    if not hasattr(module, function_name):
        raise Refused(
            "Runtime.HandlerNotFound", f"Handler '{function_name}' missing on module '{module_name}'"
        )
    handler: Callable[[Any, Context], Any] = getattr(module, function_name)
    return handler


def invoke(invocation: dict[str, Any]) -> str:
    """The handler's result as JSON."""
    handler = load(os.environ["_HANDLER"])
    result = handler(invocation["event"], Context(invocation))
    try:
        return json.dumps(result)
    except (TypeError, ValueError) as error:
        raise Refused("Runtime.MarshalError", f"Unable to marshal response: {error}") from None


def told(error: Exception, request_id: str) -> dict[str, Any]:
    """The error as the caller sees it, logged as AWS's runtime logs it: one event, so without line feeds."""
    kind = error.kind if isinstance(error, Refused) else type(error).__name__
    frames = [] if isinstance(error, Refused) else traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if frame.filename != __file__]
    stack = traceback.format_list(own)
    text = f"[ERROR] {kind}: {error}"
    if stack:
        text += "\nTraceback (most recent call last):\n" + "".join(stack).rstrip("\n")
    print(text.replace("\n", "\r"), flush=True)
    return {"errorMessage": str(error), "errorType": kind, "requestId": request_id, "stackTrace": stack}


def main() -> None:
    invocation_path, result_path = sys.argv[1:]
    sys.path[:0] = [os.environ["LAMBDA_TASK_ROOT"], os.environ["LAMBDA_RUNTIME_DIR"]]
    with open(invocation_path) as file:
        invocation = json.load(file)
    set_up_logging(invocation["request_id"])
    try:
        ended: dict[str, Any] = {"result": invoke(invocation)}
    except Exception as error:
        ended = {"error": told(error, invocation["request_id"])}
    with open(result_path, "w") as file:
        json.dump(ended, file)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # threads that the function left are frozen on AWS, not waited for


if __name__ == "__main__":
    main()

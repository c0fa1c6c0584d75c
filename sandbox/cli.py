"""The command line of the sandbox: `python -m sandbox COMMAND`, which the Makefile's targets call."""

import argparse
import signal
import sys
from typing import NoReturn

from sandbox.errors import SandboxError

INTERRUPTED = 130  # as shells report a Ctrl-C


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns its exit code. A SandboxError is printed without its traceback."""
    options = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, _as_interrupt)
    try:
        return _run(options)
    except SandboxError as error:
        print(f"✗ {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted. Nothing is lost: run it again, and it goes on from here.", file=sys.stderr)
        return INTERRUPTED


def _run(options: argparse.Namespace) -> int:
    """Each command imports its own half of the package, so that a quick one stays quick."""
    if options.command == "up":
        from sandbox.up import up

        up(services_only=options.services)
    elif options.command == "down":
        from sandbox.down import down

        print("\n".join(f"removed: {what}" for what in down()) or "There is no sandbox: nothing to remove.")
    elif options.command == "status":
        from sandbox.status import status

        return status()
    elif options.command == "clean":
        from sandbox.clean import clean

        clean()
    elif options.command == "rehearse":
        from sandbox.rehearsal import rehearse

        rehearse(options.environment)
    elif options.command == "tools":
        from sandbox.settings import Settings
        from sandbox.toolchain.build import build

        build(Settings.load(), options.tier)
    elif options.command == "account":
        from sandbox.account import exports

        print(exports(options.name))
    else:
        from sandbox.image import main as image

        return image(options.arguments)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="build the sandbox, or bring it on from where it is")
    up.add_argument("--services", action="store_true", help="only its services; provision nothing on them")
    commands.add_parser("status", help="what runs, whether it is healthy, where its log is")
    commands.add_parser("down", help="stop it and leave nothing of it, the cache aside")
    commands.add_parser("clean", help="remove the cache of built tools")
    tools = commands.add_parser("tools", help="the Kubernetes and Flux programs")
    tools.add_argument("action", choices=["build"])
    tools.add_argument(
        "--tier", default="", choices=["node", "virtual"], help="another than the sandbox's own"
    )
    rehearse = commands.add_parser("rehearse", help="build an environment of inventories/ here, twice")
    rehearse.add_argument("environment", choices=["dev", "test", "prod"])
    account = commands.add_parser("account", help="the environment of another AWS account")
    account.add_argument("name", help="its name; it is made when there is none of that name")
    image = commands.add_parser("image", help="Notejam's image")
    image.add_argument("arguments", nargs=argparse.REMAINDER)
    return parser


def _as_interrupt(_signal: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt

"""The `cleanroom` command and how its errors end."""

from __future__ import annotations

import sys
import threading
import traceback
from importlib import import_module
from typing import Any

import typer

from cleanroom import __version__
from cleanroom.adapters.core_dumps import forbid_core_dumps
from cleanroom.errors import CleanroomError, UsageError

COMMANDS = ("demo", "synth", "init", "keys", "check", "plan", "contract", "node", "match", "runs", "report", "audit",
            "ledger", "bench", "doctor")
EXIT_USAGE = UsageError.exit_code
EXIT_INTERNAL = 70
EXIT_INTERRUPTED = 130

# click's UsageError, wherever this version of typer keeps click
_CommandLineError: type[Exception] = typer.BadParameter.__mro__[1]


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"cleanroom {__version__}")
        raise typer.Exit


def _root(version: bool = typer.Option(False, "--version", callback=_version, is_eager=True,
                                       help="Print the version and exit.")) -> None:
    """Options of the command itself."""


def application(*names: str) -> typer.Typer:
    """The command line with these commands, or with all. Each is loaded from its own file: a node stays small without
    what the others need."""
    app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
                      help="Did the people who saw the advertising buy? Answered without showing anybody's customers.")
    app.callback()(_root)
    for name in names or COMMANDS:
        import_module(f"cleanroom.cli.{name}").register(app)
    return app


def main() -> None:
    """Run a command; every deliberate error is one line on stderr and its documented exit code."""
    forbid_core_dumps()
    threading.excepthook = _thread_ended
    try:
        app = application(*(name for name in sys.argv[1:2] if name in COMMANDS))
        code = app(prog_name="cleanroom", standalone_mode=False)  # then errors of the command line come here, too
        if code == EXIT_INTERRUPTED:
            _end("interrupted", EXIT_INTERRUPTED)
        sys.exit(code if isinstance(code, int) else 0)
    except _CommandLineError as error:
        _end_usage(error)
    except CleanroomError as error:
        _end(f"{error}", error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        _end("interrupted", EXIT_INTERRUPTED)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except Exception as error:
        _end(_internal(error), EXIT_INTERNAL)


def _internal(error: BaseException) -> str:
    """Class and place of an unexpected error: its message and the values around it may be data."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    return (f"internal error: {type(error).__name__} at {place.filename.rpartition('/')[2]}:{place.lineno} — "
            "please report this with the command you ran")


def _thread_ended(ended: threading.ExceptHookArgs) -> None:
    if ended.exc_value is not None:
        print(f"cleanroom: {_internal(ended.exc_value)}", file=sys.stderr)  # noqa: T201


def _end_usage(error: Any) -> None:
    """One line for what the parser refused; the help itself where a group of commands was called without one."""
    message, context = " ".join(error.format_message().split()).rstrip("."), error.ctx
    path = context.command_path if context is not None else "cleanroom"
    if not message or type(error).__name__ == "NoArgsIsHelpError":
        print(error.format_message(), file=sys.stderr)  # noqa: T201
        sys.exit(EXIT_USAGE)
    _end(f"{path}: {message[:1].lower()}{message[1:]} — see `{path} --help`", EXIT_USAGE)


def _end(text: str, code: int) -> None:
    print(f"cleanroom: {text}", file=sys.stderr)  # noqa: T201
    sys.exit(code)


if __name__ == "__main__":
    main()

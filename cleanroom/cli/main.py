"""The `cleanroom` command and how its errors end."""

from __future__ import annotations

import sys
import traceback
from importlib import import_module

import typer

from cleanroom import __version__
from cleanroom.errors import CleanroomError

COMMANDS = ("demo", "synth", "init", "check", "plan", "contract", "node", "match", "report", "audit", "doctor")
EXIT_INTERNAL = 70
EXIT_INTERRUPTED = 130

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
                  help="Did the people who saw the advertising buy? Answered without showing anybody's customers.")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"cleanroom {__version__}")
        raise typer.Exit


@app.callback()
def _root(version: bool = typer.Option(False, "--version", callback=_version, is_eager=True,
                                       help="Print the version and exit.")) -> None:
    """Options of the command itself."""


for _name in COMMANDS:
    import_module(f"cleanroom.cli.{_name}").register(app)


def main() -> None:
    """Run a command; every deliberate error is one line on stderr and its documented exit code."""
    try:
        app()
    except CleanroomError as error:
        _end(f"{error}", error.exit_code)
    except KeyboardInterrupt:
        _end("interrupted", EXIT_INTERRUPTED)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        _end(f"internal error: {type(error).__name__} at {place.filename.rpartition('/')[2]}:{place.lineno} — "
             "please report this with the command you ran", EXIT_INTERNAL)


def _end(text: str, code: int) -> None:
    print(f"cleanroom: {text}", file=sys.stderr)  # noqa: T201
    sys.exit(code)


if __name__ == "__main__":
    main()

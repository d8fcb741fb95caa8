"""One run of the command line: every error becomes a line on stderr and an exit code, here only."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import click

from cnnviz.cli import streams
from cnnviz.errors import CnnvizError, OutputError, RefusedError, SpecError, Stopped, behind

INTERRUPTED = 130
CLOSED_PIPE = 141


def run(argv: Sequence[str]) -> int:
    """Run `cnnviz ARGV` and return its exit code; nothing but `BaseException` leaves it."""
    streams.use_utf8()
    try:
        code = _invoke(argv)
        streams.flush()
        return code
    except BrokenPipeError:
        streams.silence()
        return CLOSED_PIPE
    except click.Abort:
        return INTERRUPTED
    except Exception as error:
        return _report(error, as_json=_wants_json(argv))


def failure(error: Exception) -> CnnvizError:
    """Return any exception as the one kind that carries a message, a hint and an exit code.

    What was raised in the place of `Stopped` is that.
    """
    if stopped := behind(error, Stopped):
        raise stopped
    if isinstance(error, CnnvizError):
        return error
    if isinstance(error, click.ClickException):
        return _usage_failure(error)
    if isinstance(error, MemoryError):
        return RefusedError("not enough memory", hint="use a smaller image, --region or --resize")
    if isinstance(error, OSError) and error.filename is None:
        reason = (error.strerror or str(error)).lower()
        return OutputError(f"cannot write standard output: {reason}")
    return CnnvizError(
        f"unexpected {type(error).__name__}: {error}",
        hint="this is a bug in cnnviz; CNNVIZ_DEBUG=1 shows the traceback",
    )


def error_fields(error: CnnvizError) -> dict[str, Any]:
    """Return the fields of an error that `--json` promises."""
    return {
        "code": error.code,
        "message": error.message,
        "path": error.path,
        "hint": error.hint,
        "details": list(error.details),
    }


def _invoke(argv: Sequence[str]) -> int:
    if "_CNNVIZ_COMPLETE" in os.environ:
        from cnnviz.cli import shells

        streams.emit_bytes(shells.answer(os.environ["_CNNVIZ_COMPLETE"], argv).encode())
        return 0
    from cnnviz.cli.main import cli

    # Not `cli.main`: it makes a closed pipe exit 1 and an interrupt exit 1, whatever it is told.
    try:
        with cli.make_context("cnnviz", list(argv), obj=tuple(argv)) as context:
            return cli.invoke(context) or 0
    except click.exceptions.Exit as done:
        return done.exit_code


def _report(error: Exception, *, as_json: bool) -> int:
    if os.environ.get("CNNVIZ_DEBUG", "") not in ("", "0"):
        import traceback

        traceback.print_exception(error)
    fault = failure(error)
    streams.say(f"cnnviz: error: {fault}")
    for detail in fault.details:
        streams.say(f"  {detail}")
    try:
        if as_json:
            streams.emit_json({"error": error_fields(fault)})
        streams.flush()
    except (OSError, CnnvizError):
        streams.silence()
    return fault.code


def _usage_failure(error: click.ClickException) -> SpecError:
    """Return click's complaint as one line that names the option, and where help is."""
    context = getattr(error, "ctx", None)
    hint = f"see '{context.command_path} --help'" if context else None
    if isinstance(error, click.MissingParameter):
        hint = getattr(error.param, "missing", "") or hint
    if isinstance(error, click.BadParameter) and not isinstance(error, click.MissingParameter):
        name = _parameter_name(error)
        message = error.message.removesuffix(".")
        return SpecError(f"{name}: {message}" if name else message)
    text = " ".join(error.format_message().split()).rstrip(".")
    if isinstance(error, click.NoSuchOption) and error.possibilities:
        text = f"no option {error.option_name}; did you mean {error.possibilities[0]}?"
    elif isinstance(error, click.NoSuchOption) and error.option_name[1:2] in "0123456789.":
        hint = 'numbers that begin with a minus need a blank before it: " -1 0 1"'
    if text.endswith("?"):
        hint = None  # it has one already
    return SpecError(text[:1].lower() + text[1:], hint=hint)


def _parameter_name(error: click.BadParameter) -> str | None:
    if isinstance(error.param, click.Option):
        return max(error.param.opts, key=len)
    return error.param.human_readable_name if error.param else None


def _wants_json(argv: Sequence[str]) -> bool:
    """Tell whether `--json` was given, even on a command line that could not be parsed."""
    options = argv[: argv.index("--")] if "--" in argv else argv
    return "--json" in options

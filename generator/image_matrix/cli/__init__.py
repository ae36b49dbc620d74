"""Defines the command line. A command's module is imported when the command runs, so that every start is fast."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from image_matrix import __version__
from image_matrix.telemetry import name_span

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS = {
    "init": "init:init",
    "add": "adding:add",
    "import": "importing:import_",
    "render": "render:render",
    "check": "check:check",
    "list": "list:list_images",
    "graph": "graph:graph",
    "packages": "packages:packages",
    "diff": "diff:diff",
    "plan": "plan:plan",
    "why": "plan:why",
    "build": "build:build",
    "verify": "verify:verify",
    "run": "run_image:run_image",
    "accept": "accept:accept",
    "scan": "scan:scan",
    "release": "release:release",
    "promote": "promote:promote",
    "status": "status:status",
    "prune": "prune:prune",
    "ci": "ci:ci",
    "lock": "lock:lock",
    "endpoints": "endpoints:endpoints",
    "profiles": "profiles:profiles",
    "explain": "explain:explain",
    "schema": "schema:schema",
}
"""Command to ``module:function`` below this package, in the order of ``--help``."""
SHORT = frozenset(
    {
        "init",
        "render",
        "check",
        "list",
        "graph",
        "packages",
        "diff",
        "plan",
        "why",
        "endpoints",
        "profiles",
        "explain",
        "schema",
    }
)
"""Commands that run without the garbage collector: they end in seconds and create few reference cycles."""


ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
"""Environment variables that name a receiver of spans; :mod:`image_matrix.cli.tracing` reads the others."""
QUIET, QUIET_HELP = ("-q", "--quiet"), "Suppress notes and warnings."
VERBOSE, VERBOSE_HELP = ("-v", "--verbose"), "Verbose output."
_STEPS = {"quiet": -1, "verbose": 1}
"""Option to the number that it adds to the verbosity of a session."""


class LazyGroup(click.Group):
    """A group that imports a command when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's interface
        """Return the commands in their order."""
        return [*COMMANDS]  # `list` is a submodule here

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import and return a command."""
        if cmd_name not in COMMANDS:
            return None
        from importlib import import_module

        module, _, function = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(import_module(f"image_matrix.cli.{module}"), function)
        _take_verbosity(command)
        return command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the global options; one of a command that stands before it is answered with its place."""
        given = [*args]  # `list` is a submodule here
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            raise _after_command(error, self, ctx, given) from error

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's interface
        """Run the command, and report failures while the context still has its colour setting."""
        try:
            return super().invoke(ctx)
        except click.NoSuchOption as error:
            raise _before_command(error, ctx) from error
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except Exception as error:
            if isinstance(
                error.__cause__, KeyboardInterrupt
            ):  # in Python 3.11, one that came while a class was made
                raise KeyboardInterrupt from error
            from image_matrix.cli.failures import report_failure

            return report_failure(error)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Suggest what answers an unknown command, or those whose names are most similar to it."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from image_matrix.cli.command_words import ANSWERS, GIT_ANSWERS
            from image_matrix.diagnostics import did_you_mean

            answer = ANSWERS.get(args[0])
            near = GIT_ANSWERS.get(args[0]) or did_you_mean(args[0], COMMANDS)
            advice = f"write `{answer}`" if answer else near
            ctx.fail(f"no such command `{args[0]}`; {advice}")
        name_span(f"image-matrix {args[0]}" if args else "image-matrix")
        return super().resolve_command(ctx, args)


def _take_verbosity(command: click.Command) -> None:
    """Let a command and its subcommands accept ``-q`` and ``-v`` after their names too."""
    if not any(option.name in _STEPS for option in command.params):
        command.params += [
            click.Option(names, help=about, count=True, expose_value=False, hidden=True, callback=_verbosity)
            for names, about in ((QUIET, QUIET_HELP), (VERBOSE, VERBOSE_HELP))
        ]
    for inner in command.commands.values() if isinstance(command, click.Group) else ():
        _take_verbosity(inner)


def _verbosity(ctx: click.Context, option: click.Parameter, count: int) -> None:
    from dataclasses import replace

    if count:
        ctx.obj = replace(ctx.obj, verbosity=ctx.obj.verbosity + count * _STEPS[option.name or ""])


def _before_command(error: click.NoSuchOption, ctx: click.Context) -> click.UsageError:
    """Return an error that tells users to write a global option before the command."""
    known = {name: param for param in ctx.command.params for name in param.opts}
    option = known.get(error.option_name)
    if option is None:
        return _answered(error, ctx)
    value = (
        f" {option.metavar or 'WHEN'}"
        if isinstance(option, click.Option) and option.nargs and not option.count
        else ""
    )
    call = f"{ctx.info_name} {error.option_name}{value} {ctx.invoked_subcommand} …"
    return click.UsageError(f"write `{error.option_name}` before the command: `{call}`", error.ctx)


def _answered(error: click.NoSuchOption, ctx: click.Context) -> click.UsageError:
    """Return an error that names the call which does what an unknown option means, if one is known."""
    from image_matrix.cli.command_words import OPTIONS

    call = OPTIONS.get((ctx.invoked_subcommand or "", error.option_name))
    if call is None and error.ctx and _ends_with_command(error.ctx.command):
        call = f"{ctx.invoked_subcommand} … -- COMMAND"
        problem = f"no such option `{error.option_name}`; write `--` before a command of the container"
        return click.UsageError(f"{problem}: `{ctx.info_name} {call}`", error.ctx)
    if call is None:
        return error
    return click.UsageError(
        f"no such option `{error.option_name}`; write `{ctx.info_name} {call}`", error.ctx
    )


def _ends_with_command(command: click.Command) -> bool:
    """Return whether the last arguments of a command are a command of a container."""
    return any(param.name == "command" and param.nargs == -1 for param in command.params)


def _after_command(
    error: click.NoSuchOption, group: LazyGroup, ctx: click.Context, args: Sequence[str]
) -> click.UsageError:
    """Return an error that tells users to write an option of a command after its name."""
    for name in _words(group, args):
        command = group.get_command(ctx, name)
        if command and any(error.option_name in param.opts for param in command.params):
            call = f"{ctx.info_name} {name} {error.option_name} …"
            return click.UsageError(f"write `{error.option_name}` after the command: `{call}`", error.ctx)
    return error


def _words(group: LazyGroup, args: Sequence[str]) -> list[str]:
    """Return the words of a call that are no options and no values of global ones, such as `build` of `-C build`."""
    with_value = {text for param in group.params if _has_value(param) for text in param.opts}
    before = ["", *(one if one.startswith("--") else f"{one[:1]}{one[-1:]}" for one in args)]  # -C of -qC
    return [
        one for option, one in zip(before, args, strict=False) if one[:1] != "-" and option not in with_value
    ]


def _has_value(param: click.Parameter) -> bool:
    return isinstance(param, click.Option) and not param.is_flag and not param.count


EPILOG = """\b
Exit codes: 0 success; 1 the answer is no (files out of date, tests or a scan
failed, nothing found); 2 invalid input or usage; 3 container engine, registry
or network error.
"""


@click.group(
    cls=LazyGroup,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "-C",
    "root",
    metavar="DIR",
    default=".",
    type=click.Path(file_okay=False),
    help="Work in DIR instead of the current directory.",
)
@click.option(
    "--matrix",
    metavar="FILE",
    default="matrix.yaml",
    type=click.Path(),
    show_default=True,
    help="The matrix, below DIR.",
)
@click.option(
    "--overlay",
    "overlays",
    metavar="FILE",
    multiple=True,
    type=click.Path(),  # the variable may name several, separated as in PATH
    envvar="IMAGE_MATRIX_OVERLAY",
    show_envvar=True,
    help="A partial matrix to merge over the matrix, relative to the current directory; repeatable.",
)
@click.option(
    "--color", type=click.Choice(["auto", "always", "never"]), default="auto", help="Colour the output."
)
@click.option(*QUIET, count=True, help=QUIET_HELP)
@click.option(*VERBOSE, count=True, help=VERBOSE_HELP)
@click.version_option(__version__, message="image-matrix %(version)s")
@click.pass_context
def cli(ctx: click.Context, /, **options: Any) -> None:  # noqa: ANN401 - click passes what it parsed
    """One matrix.yaml for a family of notebook images.

    It describes the images and their contents. Dockerfiles, a buildx bake file, workflows, pages and profile lists are
    rendered from it: edit it, run `image-matrix render`, and commit both.
    """
    from image_matrix.cli.session import session

    if ctx.invoked_subcommand not in SHORT:
        import gc

        gc.enable()
    ctx.obj = session(**options)


def main(args: Sequence[str] | None = None) -> None:
    """Run a command and exit as :mod:`image_matrix.errors` says."""
    # Scanning the growing heap costs a third of a short command's time, and again at exit if it is not frozen.
    # `cli` enables the collector again for commands that may run for hours.
    import gc

    gc.disable()
    code = run(args)
    gc.freeze()
    sys.exit(code)


def run(args: Sequence[str] | None = None) -> int:
    """Run a command; return its exit code."""
    import os

    if any(os.environ.get(name) for name in ENDPOINTS):
        from image_matrix.cli.tracing import is_traced, traced

        if is_traced(os.environ):
            return traced(lambda: _run(args), os.environ)
    return _run(args)


def _run(args: Sequence[str] | None) -> int:
    try:
        result = cli.main(args=args, prog_name="image-matrix", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except click.exceptions.Abort:  # click's answer to Ctrl-C, which has ended the line
        return _interrupted()
    except click.ClickException as error:
        from image_matrix.cli.failures import show_usage

        show_usage(error)
        return error.exit_code
    except KeyboardInterrupt:
        return _interrupted()
    except BrokenPipeError:
        sys.stderr.close()  # nobody reads any more; Python would complain about it at exit
        return 0
    except Exception as error:
        from image_matrix.cli.failures import report_failure

        return report_failure(error)


def _interrupted() -> int:
    """Say that Ctrl-C has ended the command; return the exit code of that signal (bash(1), "EXIT STATUS")."""
    click.echo("interrupted", err=True)
    return 130

"""``explain``: prints the documentation of a diagnostic."""

from __future__ import annotations

import click

from image_matrix.cli.printing import paint


@click.command()
@click.argument("code", required=False)
def explain(code: str | None) -> int:
    """Explain the diagnostic CODE, or list all of them."""
    from image_matrix.cli.terminal import terminal_width
    from image_matrix.diagnostics import did_you_mean
    from image_matrix.diagnostics.catalogue import RETIRED, RULES
    from image_matrix.errors import CallError

    width = min(80, terminal_width() or 80)
    if code is None:
        from image_matrix.cli.table import table

        rows = [(rule.code, rule.severity, rule.name) for rule in RULES.values()]
        click.echo(table(("code", "severity", "name"), rows), nl=False)
        return 0
    if code.upper() in RETIRED:
        click.echo(f"{paint(code.upper(), 'bold')} is no longer reported\n")
        click.echo(click.wrap_text(RETIRED[code.upper()], width=width))
        return 0
    by_name = {rule.name: rule for rule in RULES.values()}
    rule = RULES.get(code.upper()) or RULES.get(f"IM{code}") or by_name.get(code.lower())
    if rule is None:
        known = RULES if code.upper().startswith("IM") else by_name
        name = code.upper() if known is RULES else code.lower()
        raise CallError(f"unknown diagnostic `{code}`", did_you_mean(name, known))
    click.echo(f"{paint(rule.code, rule.severity)} {paint(rule.name, 'bold')} ({rule.severity})\n")
    click.echo(click.wrap_text(rule.words.about, width=width))
    for title, text in (("Wrong:", rule.words.bad), ("Right:", rule.words.good)):
        if text:
            click.echo(f"\n{title}\n" + "".join(f"    {line}\n" for line in text.splitlines()), nl=False)
    return 0

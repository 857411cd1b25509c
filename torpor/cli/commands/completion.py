"""`torpor completion SHELL`: the script that a shell needs to complete commands, options and app names."""

import click
from click.shell_completion import get_completion_class

HOW = {
    "bash": 'add to ~/.bashrc:  eval "$(torpor completion bash)"',
    "zsh": 'add to ~/.zshrc:  eval "$(torpor completion zsh)"',
    "fish": "run once:  torpor completion fish > ~/.config/fish/completions/torpor.fish",
}


@click.command("completion")
@click.argument("shell", type=click.Choice(list(HOW)))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print the script that completes commands, options and app names in SHELL.

    \b
    bash:  eval "$(torpor completion bash)"                                    in ~/.bashrc
    zsh:   eval "$(torpor completion zsh)"                                     in ~/.zshrc
    fish:  torpor completion fish > ~/.config/fish/completions/torpor.fish     once
    """
    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"this version of click knows no completion for {shell}")
    click.echo(f"# To install it, {HOW[shell]}")
    click.echo(kind(ctx.find_root().command, {}, "torpor", "_TORPOR_COMPLETE").source())

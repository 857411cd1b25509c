"""`torpor delete SET`: all that `torpor apply` has made as this set."""

from urllib.parse import quote

import click
from click.shell_completion import CompletionItem

from torpor.cli.api import Api
from torpor.cli.options import complete_from, json_option, torpor_options


def complete_set(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The sets whose name starts so."""
    sets = complete_from(ctx, "/v1/sets", "sets")
    return [CompletionItem(one["id"]) for one in sets if str(one.get("id", "")).startswith(incomplete)]


@click.command("delete")
@click.argument("name", metavar="SET", shell_complete=complete_set)
@click.option("--dry-run", is_flag=True, help="Change nothing; show what would be deleted.")
@torpor_options
@json_option
def command(name: str, dry_run: bool, api: Api, as_json: bool) -> None:
    """Delete all objects of SET that `torpor apply` has made. SET is NAMESPACE/NAME, or a NAME that there is once.

    \b
    torpor delete review/pr-123
    """
    from torpor.cli.deploying import carry_out, summary  # here, as all that only this command needs

    path, query = f"/v1/sets/{quote(name, safe='/')}", {"dry_run": "1"} if dry_run else {}
    report = carry_out(api, "DELETE", path, query, title=f"deleting {name}", body=None, as_json=as_json)
    if not as_json:
        click.echo(summary(api, report))

"""`torpor apply -f FILE`: manifests applied to a cluster as a set, by the scaler there."""

from typing import TYPE_CHECKING

import click

from torpor.cli.api import Api
from torpor.cli.options import DurationType, json_option, torpor_options

if TYPE_CHECKING:
    from typing import BinaryIO


@click.command("apply")
@click.option(
    "-f",
    "--file",
    "file",
    type=click.File("rb"),
    required=True,
    help="The manifests, in YAML or JSON; - is the standard input.",
)
@click.option("--set", "name", metavar="SET", help="The set. Default: the label torpor.dev/set in the manifests.")
@click.option(
    "-n", "--namespace", help="Where. Default: metadata.namespace in the manifests, or the only one that is allowed."
)
@click.option("--dry-run", is_flag=True, help="Change nothing; show what would be changed.")
@click.option("--force-conflicts", is_flag=True, help="Take fields that others own.")
@click.option("--wake", is_flag=True, help="Wake what sleeps, to see at once whether it starts.")
@click.option("--wait/--no-wait", default=True, show_default=True, help="Wait until all of it is rolled out.")
@click.option("--timeout", type=DurationType(), default="5m", show_default=True, help="How long to wait; up to 1h.")
@torpor_options
@json_option
def command(
    file: "BinaryIO",
    name: str | None,
    namespace: str | None,
    dry_run: bool,
    force_conflicts: bool,
    wake: bool,
    wait: bool,
    timeout: float,
    api: Api,
    as_json: bool,
) -> None:
    """Apply the manifests in FILE as a set: what was of the set and is not in FILE any more is deleted.

    Apps that sleep go on sleeping; the next visit starts what was applied. Where others own a field, nothing is changed
    at all: exit code 1 with the fields and their owners.

    \b
    torpor apply -f review.yaml --set pr-123 --dry-run
    torpor apply -f review.yaml --set pr-123 --wake
    """
    from torpor.cli.deploying import carry_out, summary  # here, as all that only this command needs

    query = {"set": name or "", "namespace": namespace or ""}
    query |= {"dry_run": "1" if dry_run else "", "force_conflicts": "1" if force_conflicts else ""}
    query |= {"wake": "1" if wake else "", "wait": f"{timeout:g}" if wait else ""}
    report = carry_out(
        *(api, "POST", "/v1/apply", {key: value for key, value in query.items() if value}),
        title=f"applying {name or file.name}",
        body=file.read(),
        as_json=as_json,
    )
    if not as_json:
        click.echo(summary(api, report))

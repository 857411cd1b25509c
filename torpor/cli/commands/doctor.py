"""`torpor doctor`: what stands between this machine, or a cluster, and a Torpor that runs."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from torpor.cli.options import cluster_options, file_option, json_option

if TYPE_CHECKING:
    from torpor.cli.findings import Report
    from torpor.kubernetes_settings import KubernetesSettings


@click.command("doctor")
@file_option
@cluster_options
@json_option
@click.pass_context
def command(
    ctx: click.Context, file: Path, kubernetes: bool, context: str | None, service: str | None, as_json: bool
) -> None:
    """Check torpor.yaml and this machine, or a cluster. Exit code 1 when something is wrong; each finding says how to
    mend it.

    \b
    torpor doctor
    torpor doctor -f elsewhere/torpor.yaml
    torpor doctor --kubernetes
    torpor doctor --context staging --json | jq '.findings[] | select(.grade == "wrong")'

    Of a cluster, with the permissions of your kubeconfig: whether Torpor is well there and may do what it has to,
    routes that lead nowhere, workloads that nobody can wake, and who else scales them. Without options it is the
    cluster's turn where torpor.yaml has `kubernetes:`, or where there is a kubeconfig and no torpor.yaml.

    Nothing is started and nothing is changed.
    """
    from torpor.cli.findings import Report
    from torpor.cli.where import Asked, find_service, kubeconfig_there

    asked = Asked(None, kubernetes, context, service)
    named = ctx.get_parameter_source("file") is not click.core.ParameterSource.DEFAULT
    said = _kubernetes(file) if named or file.is_file() else None
    report = Report(as_json=as_json)
    if asked.cluster or said is not None or (not named and not file.is_file() and kubeconfig_there()):
        from torpor.cli.kubernetes.doctor import examine

        examine(find_service(asked), said, report, as_json=as_json)
    else:
        _examine_machine(file, report)
    report.end()


def _examine_machine(file: Path, report: "Report") -> None:
    from torpor.cli.checks import CHECKS
    from torpor.cli.findings import Finding, Grade, count
    from torpor.cli.supplied import settings_of

    settings = settings_of(file)
    report.tell([Finding(Grade.OK, f"{file} reads well: {count(len(settings.apps), 'app')}")])
    for check in CHECKS:
        report.tell(check(settings, file.resolve().parent))


def _kubernetes(file: Path) -> "KubernetesSettings | None":
    """The `kubernetes:` of a file that reads well; None where it has none. Raises WrongConfiguration."""
    from torpor.cli.supplied import settings_of

    return settings_of(file).kubernetes

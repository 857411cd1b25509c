"""Who else keeps a workload as some repository says, and the rule by which they leave `spec.replicas` alone."""

from dataclasses import dataclass

from scaler.runtimes.kubernetes.objects.workload import Workload

_ARGO = ("argocd-controller", "argocd-application-controller", "argo-cd")
_FLUX_KUSTOMIZE = ("kustomize-controller", "flux")
_FLUX_HELM = ("helm-controller",)


@dataclass(frozen=True, slots=True)
class Owner:
    """A GitOps tool that has marked the workload as its own."""

    tool: str
    source: str
    """Its own name for where the workload comes from; may be empty."""
    holds_replicas: bool
    """It owns spec.replicas by the managed fields, so it writes it back after a sleep."""
    rule: str
    """What to paste so that it lets spec.replicas be."""


def gitops_owner(workload: Workload) -> Owner | None:
    """The tool that looks after a workload, by its marks or by who owns spec.replicas."""
    marks = workload.gitops
    argo = marks.get("argocd.argoproj.io/tracking-id") or marks.get("argocd.argoproj.io/instance")
    if argo or _holds(workload, _ARGO):
        return Owner("Argo CD", (argo or "").partition(":")[0], _holds(workload, _ARGO), _argo_rule(workload))
    for tool, mark, managers, rule in (
        ("Flux (HelmRelease)", "helm.toolkit.fluxcd.io", _FLUX_HELM, _helm_rule(workload)),
        ("Flux (Kustomization)", "kustomize.toolkit.fluxcd.io", _FLUX_KUSTOMIZE, _kustomize_rule(workload)),
    ):
        name = marks.get(f"{mark}/name", "")
        if name or _holds(workload, managers):
            source = f"{marks.get(f'{mark}/namespace', workload.ref.namespace)}/{name}" if name else ""
            return Owner(tool, source, _holds(workload, managers), rule)
    return None


def _holds(workload: Workload, managers: tuple[str, ...]) -> bool:
    return any(manager in managers for manager in workload.managers)


def _argo_rule(workload: Workload) -> str:
    ref = workload.ref
    return f"""In the Application's spec:
ignoreDifferences:
- group: {ref.group or '""'}
  kind: {ref.kind}
  name: {ref.name}
  namespace: {ref.namespace}
  jsonPointers: [/spec/replicas]
syncPolicy:
  syncOptions: [RespectIgnoreDifferences=true]"""


def _kustomize_rule(workload: Workload) -> str:
    ref = workload.ref
    return f"""In the Kustomization's spec, so that the repository says nothing of it:
patches:
- target: {{kind: {ref.kind}, name: {ref.name}, namespace: {ref.namespace}}}
  patch: |
    - op: remove
      path: /spec/replicas"""


def _helm_rule(workload: Workload) -> str:
    ref = workload.ref
    return f"""In the HelmRelease's spec:
driftDetection:
  mode: enabled
  ignore:
  - paths: [/spec/replicas]
    target: {{kind: {ref.kind}, name: {ref.name}, namespace: {ref.namespace}}}"""

{{/* The name that all others begin with: the release's, where that tells what it is. */}}
{{- define "torpor.name" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* What tells the pods of one part from others; (list . "scaler"). */}}
{{- define "torpor.selector" -}}
app.kubernetes.io/name: torpor
app.kubernetes.io/instance: {{ (index . 0).Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{/* The labels of an object of one part; (list . "scaler"). */}}
{{- define "torpor.labels" -}}
{{ include "torpor.selector" . }}
app.kubernetes.io/version: {{ (index . 0).Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ (index . 0).Release.Service }}
helm.sh/chart: {{ printf "%s-%s" (index . 0).Chart.Name (index . 0).Chart.Version }}
{{- end -}}

{{- define "torpor.image" -}}
image: {{ printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
{{- end -}}

{{/* What every pod may do, which is next to nothing. */}}
{{- define "torpor.podSecurity" -}}
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  seccompProfile:
    type: RuntimeDefault
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end -}}

{{- define "torpor.containerSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
{{- end -}}

{{/* Where the pods of a part may and should run; (list . "scaler"). */}}
{{- define "torpor.placement" -}}
{{- $part := get (index . 0).Values (index . 1) -}}
{{- if ne $part.kind "DaemonSet" -}}
# Those of one revision are spread: of a rollout the old ones, which are about to go, do not count.
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "torpor.selector" . | nindent 8 }}
    matchLabelKeys: [pod-template-hash]
{{- end }}
{{- with $part.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $part.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $part.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $part.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end -}}

{{/* The PriorityClass of placeholders: of the cluster, so each release has one of its own. Empty: there are none. */}}
{{- define "torpor.headroomClass" -}}
{{- $headroom := (.Values.settings.kubernetes | default dict).headroom -}}
{{- if kindIs "map" $headroom }}{{ $headroom.priority_class | default (printf "%s-headroom" (include "torpor.name" .)) }}{{ end -}}
{{- end -}}

{{/* The scalers' torpor.yaml: the values' settings, and who is who. */}}
{{- define "torpor.settings" -}}
{{- $settings := deepCopy .Values.settings -}}
{{- $kubernetes := $settings.kubernetes | default dict -}}
{{- $own := dict "namespace" .Release.Namespace "proxies" (list (printf "%s/%s-proxy" .Release.Namespace (include "torpor.name" .))) -}}
{{- $classes := dict "ingress_classes" (list .Values.ingressClass.name) -}}
{{- with include "torpor.headroomClass" . }}{{ $_ := set $own "headroom" (dict "priority_class" .) }}{{ end -}}
{{- $kubernetes = mergeOverwrite $classes $kubernetes $own -}}
{{- toYaml (mergeOverwrite $settings (dict "api" "0.0.0.0:8081" "kubernetes" $kubernetes)) -}}
{{- end -}}

{{/* "true" where visitors come in over TLS. */}}
{{- define "torpor.tls" -}}
{{- if or .Values.proxy.tls.secrets .Values.proxy.tls.wildcard -}}true{{- end -}}
{{- end -}}

{{/* "true" where an object of a kind is wanted; (list . "auto" "group/version/Kind"). */}}
{{- define "torpor.wanted" -}}
{{- $enabled := toString (index . 1) -}}
{{- if or (eq $enabled "true") (and (eq $enabled "auto") ((index . 0).Capabilities.APIVersions.Has (index . 2))) -}}true{{- end -}}
{{- end -}}

{{/* The rules that each kind in kubernetes.scalable takes; (list . "get, list, watch, patch" "patch"): on it, and on its scale. */}}
{{- define "torpor.scalable" -}}
{{- $verbs := index . 1 -}}
{{- $scale := index . 2 -}}
{{- range (((index . 0).Values.settings.kubernetes | default dict).scalable | default list) }}
{{- $parts := regexSplit "\\." . 2 }}
- apiGroups: [{{ index $parts 1 }}]
  resources: [{{ index $parts 0 }}]
  verbs: [{{ $verbs }}]
- apiGroups: [{{ index $parts 1 }}]
  resources: [{{ index $parts 0 }}/scale]
  verbs: [{{ $scale }}]
{{- end }}
{{- end -}}

{{/* The namespaces that alone are looked after, as a list in YAML; none: all are. */}}
{{- define "torpor.namespaces" -}}
{{- with (.Values.settings.kubernetes | default dict).namespaces }}{{ toYaml (uniq .) }}{{ end -}}
{{- end -}}

{{/*
A role and which ServiceAccount has it: (list . part kind rules annotations namespace), of which the last may be left out.
`part` names the role; the account is the scaler's, or that of `rouse` for its parts.
*/}}
{{- define "torpor.role" -}}
{{- $root := index . 0 -}}
{{- $part := index . 1 -}}
{{- $kind := index . 2 -}}
{{- $name := printf "%s-%s" (include "torpor.name" $root) $part -}}
{{- $namespace := $root.Release.Namespace -}}
{{- if gt (len .) 5 }}{{ $namespace = index . 5 }}{{ end -}}
{{- range $which := list "" "Binding" }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ $kind }}{{ $which }}
metadata:
  name: {{ $name }}
  {{- if eq $kind "Role" }}
  namespace: {{ $namespace }}
  {{- end }}
  labels:
    {{- include "torpor.labels" (list $root $part) | nindent 4 }}
  {{- with index $ 4 }}
  annotations:
    {{- . | nindent 4 }}
  {{- end }}
{{- if $which }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: {{ $kind }}
  name: {{ $name }}
subjects:
  - kind: ServiceAccount
    name: {{ include "torpor.name" $root }}-{{ ternary "rouse" "scaler" (hasPrefix "rouse" $part) }}
    namespace: {{ $root.Release.Namespace }}
{{- else }}
rules:
  {{- index $ 3 | nindent 2 }}
{{- end }}
{{- end }}
{{- end -}}

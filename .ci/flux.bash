# shellcheck shell=bash
# Flux' controllers as processes beside the cluster of .ci/cluster, with the definitions of their own modules.

readonly FLUX=(source-controller kustomize-controller helm-controller)

start_flux() {
  local name
  for name in "${FLUX[@]}"; do
    [[ -n $(flux_program "$name") ]] || {
      log "Flux is left out: no $name here; \`.ci/programs flux-source flux-kustomize flux-helm\` builds it"
      return
    }
  done
  apply_crds
  apply /api/v1/namespaces/flux-system <<<'{apiVersion: v1, kind: Namespace, metadata: {name: flux-system}}'
  start_flux_controller source-controller 9790 --storage-path "$RUN/artifacts" --storage-addr 127.0.0.1:9797 \
    --storage-adv-addr 127.0.0.1:9797
  # the gate of docs/flux.md, by which a revert need not wait for the timeout of what it takes back
  start_flux_controller kustomize-controller 9791 --requeue-dependency 5s \
    --feature-gates CancelHealthCheckOnNewRevision=true
  start_flux_controller helm-controller 9792
  for name in 0 1 2; do ready "${FLUX[$name]}" curl --fail "http://127.0.0.1:980$name/readyz"; done
}

flux_program() { program "flux-${1%-controller}" "$1"; }

# start_flux_controller NAME PORT OPTION…: as administrator of the cluster, as `flux install` gives it to them.
start_flux_controller() {
  local name=$1 port=$2
  shift 2
  mkdir -p "$RUN/artifacts" "$RUN/tmp/$name"
  KUBECONFIG=$KUBECONFIGS/admin RUNTIME_NAMESPACE=flux-system TMPDIR=$RUN/tmp/$name HOME=$RUN/tmp/$name \
    start "$name" "$(flux_program "$name")" --metrics-addr "127.0.0.1:$port" --health-addr "127.0.0.1:$((port + 10))" --events-addr= \
    --log-encoding json "$@"
}

# The definitions of the modules that the programs are built from.
apply_crds() {
  local controller file name
  for controller in "${FLUX[@]}"; do
    for file in "$(dirname "$(flux_program "$controller")")"/crds/*.yaml; do
      name=${file##*/} name=${name%.yaml} # GROUP_PLURAL.yaml
      apply "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${name#*_}.${name%%_*}" <"$file"
    done
  done
}

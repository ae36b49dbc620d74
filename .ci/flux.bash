# shellcheck shell=bash
# Flux' controllers in pods of .ci/cluster, with the definitions of their own modules.

readonly FLUX=(source-controller kustomize-controller helm-controller)
readonly FLUX_IMAGES=$REGISTRY/image-matrix-cluster

start_flux() {
  local name
  for name in "${FLUX[@]}"; do
    [[ -n $(flux_program "$name") ]] || {
      log "Flux is left out: no $name here; \`.ci/programs flux-source flux-kustomize flux-helm\` builds it"
      return
    }
  done
  apply_crds
  for name in "${FLUX[@]}"; do push_controller "$name"; done
  apply_controllers
  for name in "${FLUX[@]}"; do controller_ready "$name"; done
}

flux_program() { program "flux-${1%-controller}" "$1"; }

# flux_version NAME: of the folder of its program, FAMILY-VERSION.
flux_version() {
  local folder
  folder=$(dirname "$(flux_program "$1")")
  echo "v${folder##*-}"
}

flux_image() { echo "$FLUX_IMAGES/$1:$(flux_version "$1")"; }

# push_controller NAME: an image of its program alone.
push_controller() {
  local image folder=$STATE/tmp/$1
  image=$(flux_image "$1")
  in_registry "$image" && return
  log "pushing $image"
  rm -rf "$folder"
  mkdir -p "$folder"
  cp "$(flux_program "$1")" "$folder/$1"
  printf 'FROM scratch\nCOPY %s /\nENTRYPOINT ["/%s"]\n' "$1" "$1" >"$folder/Dockerfile"
  push_image "$folder" "$image"
  rm -r "$folder"
}

# The definitions of the modules that the programs are built from.
apply_crds() {
  local controller
  for controller in "${FLUX[@]}"; do
    as_admin apply --server-side --filename "$(dirname "$(flux_program "$controller")")/crds" >/dev/null
  done
}

apply_controllers() {
  local name edits=(-e "s#IMAGES#$FLUX_IMAGES#")
  for name in "${FLUX[@]}"; do edits+=(-e "s#VERSION_OF_$name#$(flux_version "$name")#"); done
  flux_runs || log "starting Flux"
  sed "${edits[@]}" "$HERE/../tests/cluster/flux/controllers.yaml" | as_admin apply --server-side --filename - >/dev/null
}

# flux_runs: has the cluster each controller, of the image that is applied?
flux_runs() {
  local name there template='{.spec.template.spec.containers[*].image}'
  for name in "${FLUX[@]}"; do
    there=$(as_admin --namespace flux-system get deployment "$name" --output "jsonpath=$template" 2>/dev/null) || return
    [[ $there == "$(flux_image "$name")" ]] || return
  done
}

controller_ready() {
  local name=deployment/$1
  as_admin --namespace flux-system rollout status "$name" --timeout "${READY_SECONDS}s" >/dev/null && return
  as_admin --namespace flux-system describe pod --selector "app=$1" >&2
  as_admin --namespace flux-system logs "$name" --tail 20 >&2 || true
  die "$1 is not ready after $READY_SECONDS s"
}

as_admin() { "$(program kubernetes kubectl)" --kubeconfig "$KUBECONFIGS/admin" "$@"; }

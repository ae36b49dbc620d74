# shellcheck shell=bash
# The node of .ci/cluster: kubelet on a containerd of its own, Debian's CNI plugins on a bridge, kube-proxy, CoreDNS.

readonly CONTAINERD=$RUN/containerd.sock
readonly PAUSE=$REGISTRY/image-matrix-cluster/pause:3.10

start_node() {
  push_pause
  open_network
  start_containerd
  start_kubelet
  start_proxy
  start_coredns
  ready kubelet node_is_ready
}

# Says what is missing, in one line.
can_run_pods() {
  local name
  for name in kubelet kube-proxy; do
    [[ -n $(program kubernetes "$name") ]] && continue
    log "the node, and Flux in its pods, are left out: no $name here"
    return 1
  done
  [[ -x $ENGINE/root/usr/bin/containerd ]] && curl --fail --silent --output /dev/null "http://$REGISTRY/v2/" && return
  log "the node, and Flux in its pods, are left out: \`.ci/engine up\` makes containerd and the registry of its images available"
  return 1
}

node_is_ready() { api "/api/v1/nodes/$NODE" | python3 -c '
import json, sys
sys.exit(not any((it["type"], it["status"]) == ("Ready", "True") for it in json.load(sys.stdin)["status"]["conditions"]))'; }

# --- images ---------------------------------------------------------------------------------------------------------

# The image that holds the namespaces of a pod, by one program that does nothing until it is killed. As it has a shell,
# tests make the images of theirs from it. To them the path is a mirror of registry.k8s.io.
push_pause() {
  local folder=$STATE/tmp/pause
  in_registry "$PAUSE" && return
  log "pushing $PAUSE"
  rm -rf "$folder"
  mkdir -p "$folder/root/bin"
  fetch_package_index
  unpack_package busybox-static "$folder"
  cp "$folder/usr/bin/busybox" "$folder/root/bin/busybox"
  ln -s busybox "$folder/root/bin/sh"
  printf 'FROM scratch\nCOPY root /\nENTRYPOINT ["/bin/busybox", "tail", "-f", "/dev/null"]\n' >"$folder/Dockerfile"
  push_image "$folder" "$PAUSE"
}

# in_registry REFERENCE: is a tag there?
in_registry() {
  local path=${1#"$REGISTRY"/}
  curl --fail --silent --output /dev/null --header 'Accept: application/vnd.oci.image.manifest.v1+json' \
    "http://$REGISTRY/v2/${path%:*}/manifests/${path##*:}"
}

# push_image FOLDER REFERENCE: the image of a Dockerfile.
push_image() {
  docker buildx build --quiet --provenance=false "--output=type=image,name=$2,push=true,oci-mediatypes=true" \
    "$1" </dev/null >/dev/null || die "$2 cannot be built; see above"
}

# --- containers -----------------------------------------------------------------------------------------------------

start_containerd() {
  mkdir -p "$RUN/cni" "$RUN/hosts/$REGISTRY"
  printf '[host."http://%s"]\n' "$REGISTRY" >"$RUN/hosts/$REGISTRY/hosts.toml"
  cat >"$RUN/cni/10-bridge.conflist" <<JSON
{"cniVersion": "1.0.0", "name": "pods", "plugins": [
  {"type": "bridge", "bridge": "$BRIDGE", "isGateway": true, "hairpinMode": true,
   "ipam": {"type": "host-local", "dataDir": "$RUN/addresses", "routes": [{"dst": "0.0.0.0/0"}],
            "ranges": [[{"subnet": "$POD_NETWORK", "rangeStart": "${MACHINE%.*}.10", "gateway": "$MACHINE"}]]}}]}
JSON
  cat >"$RUN/containerd.toml" <<TOML
version = 2
root = "$RUN/containerd"
state = "$RUN/containerd-state"
disabled_plugins = ["io.containerd.internal.v1.opt"]
[grpc]
address = "$CONTAINERD"
[ttrpc]
address = "$CONTAINERD.ttrpc"
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "$PAUSE"
netns_mounts_under_state_dir = true
# some machines do not let root lower the score by which the kernel chooses what to end without memory
restrict_oom_score_adj = true
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "$ROOTFS/usr/lib/cni"
conf_dir = "$RUN/cni"
[plugins."io.containerd.grpc.v1.cri".registry]
config_path = "$RUN/hosts"
TOML
  PATH=$ENGINE/root/usr/bin:$PATH start containerd "$ENGINE/root/usr/bin/containerd" --config "$RUN/containerd.toml"
  ready containerd test -S "$CONTAINERD"
}

ctr() { "$ENGINE/root/usr/bin/ctr" --address "$CONTAINERD" --namespace k8s.io "$@"; }

# --- kubelet --------------------------------------------------------------------------------------------------------

start_kubelet() {
  mkdir -p "$RUN/kubelet" "$RUN/pod-logs"
  cat >"$RUN/kubelet.yaml" <<YAML
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: $PKI/ca.crt}}
authorization: {mode: Webhook}
containerRuntimeEndpoint: unix://$CONTAINERD
podLogsDir: $RUN/pod-logs
resolvConf: $RUN/resolv.conf
clusterDNS: [$MACHINE]
clusterDomain: cluster.local
cgroupDriver: cgroupfs
# version 1 is what some machines have; newer versions of Kubernetes refuse it without this
failCgroupV1: false
failSwapOn: false
makeIPTablesUtilChains: false
enforceNodeAllocatable: []
# a machine for tests may be fuller than a node should be
evictionHard: {memory.available: 50Mi, nodefs.available: 1%, imagefs.available: 1%}
imageGCHighThresholdPercent: 100
imageGCLowThresholdPercent: 99
serializeImagePulls: false
YAML
  grep -v '^nameserver 127\.' /etc/resolv.conf >"$RUN/resolv.conf" || true
  start kubelet "$(program kubernetes kubelet)" --config "$RUN/kubelet.yaml" --kubeconfig "$KUBECONFIGS/kubelet" \
    --root-dir "$RUN/kubelet" --cert-dir "$RUN/kubelet/pki" --hostname-override "$NODE" --node-ip "$MACHINE"
}

# --- network -------------------------------------------------------------------------------------------------------

# rules COMMAND: calls it for each rule, with table, chain and options. This machine forwards for its pods, also where
# Docker has made it drop what nobody asked for.
rules() {
  "$1" filter FORWARD --in-interface "$BRIDGE" --jump ACCEPT
  "$1" filter FORWARD --out-interface "$BRIDGE" --jump ACCEPT
  "$1" nat POSTROUTING --source "$POD_NETWORK" ! --destination "$POD_NETWORK" --jump MASQUERADE
}

# Each rule is asked for by itself: something else may have removed some of them.
has_rule() { iptables --wait --table "$1" --check "${@:2}" 2>/dev/null; }
insert_rule() { has_rule "$@" || iptables --wait --table "$1" --insert "${@:2}"; }
delete_rule() { while has_rule "$@"; do iptables --wait --table "$1" --delete "${@:2}"; done; }

open_network() {
  sysctl --quiet --write net.ipv4.ip_forward=1
  rules insert_rule
}

remove_network() {
  rules delete_rule
  if [[ -n $(program kubernetes kube-proxy) && -e $RUN/proxy.yaml ]]; then
    "$(program kubernetes kube-proxy)" --cleanup >>"$STATE/log/kube-proxy.log" 2>&1 || true
    # what it makes for kubelet, it leaves
    iptables --wait --delete INPUT --jump KUBE-FIREWALL 2>/dev/null || true
    iptables --wait --delete OUTPUT --jump KUBE-FIREWALL 2>/dev/null || true
    iptables --wait --flush KUBE-FIREWALL 2>/dev/null && iptables --wait --delete-chain KUBE-FIREWALL || true
  fi
  if [[ -d /sys/class/net/$BRIDGE ]]; then ip link delete "$BRIDGE"; fi
}

# Answers between pods of one bridge would not pass through this machine, which has to undo what it did to the
# address: so it puts itself in front of the sender.
start_proxy() {
  [[ -z $(pid_of kube-proxy) ]] || return 0 # it ends when this file changes
  cat >"$RUN/proxy.yaml" <<YAML
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
clientConnection: {kubeconfig: $KUBECONFIGS/proxy}
hostnameOverride: $NODE
clusterCIDR: $POD_NETWORK
mode: iptables
iptables: {masqueradeAll: true, localhostNodePorts: false}
healthzBindAddress: 127.0.0.1:10256
metricsBindAddress: 127.0.0.1:10249
YAML
  start kube-proxy "$(program kubernetes kube-proxy)" --config "$RUN/proxy.yaml"
}

start_coredns() {
  local file
  file=$(program coredns coredns) || true
  [[ -n $file ]] || {
    log "names of Services are left out: no coredns here; \`.ci/programs coredns\` builds it"
    return
  }
  cat >"$RUN/Corefile" <<CORE
.:53 {
  bind $MACHINE
  errors
  kubernetes cluster.local in-addr.arpa {
    kubeconfig $KUBECONFIGS/admin
  }
  forward . $RUN/resolv.conf
}
CORE
  start coredns "$file" -conf "$RUN/Corefile"
}

# --- down -----------------------------------------------------------------------------------------------------------

# Containers end before what runs them, or they would stay.
stop_pods() {
  [[ -n $(pid_of containerd) ]] || return 0
  stop kubelet
  local container
  for container in $(ctr task ls --quiet); do ctr task kill --signal SIGKILL --all "$container" >/dev/null 2>&1 || true; done
  until_ready 20 no_tasks || log "some containers do not stop"
}

no_tasks() { ! ctr task ls | grep -q RUNNING; }

stop_containers() {
  local mounted
  stop containerd
  end_shims
  remove_groups
  for mounted in $(awk -v run="$RUN/" 'index($2, run) == 1 {print $2}' /proc/mounts | sort -r); do umount --lazy "$mounted"; done
}

# The groups of pods that are gone; one with a process in it cannot be removed.
remove_groups() { find /sys/fs/cgroup -depth -type d -path '*/kubepods*' -exec rmdir {} + 2>/dev/null || true; }

# The shims of this containerd that outlived their containers; the brackets are for grep not to find itself.
end_shims() {
  local file
  for file in $(grep -lsa '[c]ontainerd-shim-runc-v2' /proc/[0-9]*/cmdline); do
    if grep -qsaF -- "$CONTAINERD" "$file"; then kill -KILL "$(cut -d/ -f3 <<<"$file")" || true; fi
  done
}

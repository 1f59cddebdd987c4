# What the scripts share: places, messages, uv, Debian packages. Source it; it changes into the repository.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cache="${XDG_CACHE_HOME:-$HOME/.cache}/flowscale"
venv="$root/.venv"
cd "$root"

note() { printf '%s\n' "$*" >&2; }
die() { note "$(basename "$0"): $*"; exit 1; }

# Prints the path of uv, which is installed into the cache where it is nowhere to be found.
# --target also works with a Python that its distribution manages (PEP 668).
find_uv() {
  local place
  for place in "$(command -v uv || true)" "$HOME/.local/bin/uv" "$cache/uv/bin/uv"; do
    if [ -x "$place" ] && "$place" --version >/dev/null 2>&1; then
      echo "$place"
      return
    fi
  done
  note "installing uv into $cache/uv"
  python3 -m pip --version >/dev/null 2>&1 || need_apt python3-pip
  python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore \
    --upgrade --target "$cache/uv" uv >&2 || die "uv could not be installed; install it yourself and try again"
  echo "$cache/uv/bin/uv"
}

# need_apt PACKAGE...: installs Debian packages that are missing, once, and says so.
need_apt() {
  local package missing=()
  for package in "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return
  [ "$(id -u)" -eq 0 ] || die "needs these Debian packages: ${missing[*]} (as root: apt-get install ${missing[*]})"
  note "installing Debian packages: ${missing[*]}"
  mkdir -p "$cache"
  (
    flock 9
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
  ) 9>"$cache/apt.lock" >&2 || die "apt-get could not install ${missing[*]}"
}

# What a Kubernetes node on this machine consists of.
node_packages=(containerd runc containernetworking-plugins nftables iptables conntrack socat busybox-static mmdebstrap)
node_programs=(etcd kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy kubectl coredns)

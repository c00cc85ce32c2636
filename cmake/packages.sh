# SPDX-License-Identifier: BSL-1.0
# For the scripts beside it: install_packages NAME… installs those Debian packages that are missing.
install_packages() {
  missing=""
  for package in "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q "ok installed" || missing="$missing $package"
  done
  [ -n "$missing" ] || return 0
  echo "installing:$missing"
  as_root=""
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
      echo "these packages are missing, and only root can install them: apt-get install$missing" >&2
      exit 2
    fi
    as_root=sudo
  fi
  # shellcheck disable=SC2086  # a list of words on purpose
  $as_root apt-get update -qq && $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
}

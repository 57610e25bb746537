#!/usr/bin/env bash
# Make a base image of Debian, with this machine's Python 3.12 and certificates, where no registry of images is at hand.
#   docker/debian_base.sh [NAME]     (default ddpl_base); needs root, Debian, debootstrap and buildah
set -euo pipefail
name=${1:-ddpl_base}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

prefix=$(python3.12 -c 'import sys; print(sys.base_prefix)')
if [[ $prefix == /usr ]]; then
    echo "error: Python 3.12 is part of this system's /usr; only one with a directory of its own can be copied" >&2
    exit 1
fi
# the Debian packages of the libraries that this Python is linked to, but for its windows
mapfile -t libraries < <(find "$prefix/lib/python3.12/lib-dynload" -name '*.so' ! -name '_tkinter*' -exec ldd {} + \
    | awk '$2 == "=>" && $1 !~ /python3/ { print $1 }' | sort -u)
mapfile -t packages < <(for library in "${libraries[@]}"; do dpkg -S "*/$library"; done \
    | awk -F: '/^lib/ && !/-dev:|-cross:/ { print $1 }' | sort -u)

debootstrap --variant=minbase --include=ca-certificates "$(. /etc/os-release && echo "$VERSION_CODENAME")" "$work/root" \
    >"$work/log" || { tail -n 20 "$work/log" >&2; exit 1; }
# into /usr/local, where Python finds its library beside itself, in virtual environments too
tar -C "$prefix" -c --exclude=site-packages --exclude=__pycache__ --exclude=test bin/python3.12 include lib \
    | tar -C "$work/root/usr/local" -x --no-same-owner
chroot "$work/root" ldconfig
cp -L /etc/ssl/certs/ca-certificates.crt "$work/root/etc/ssl/certs/ca-certificates.crt"

container=$(buildah from scratch)
buildah copy --quiet "$container" "$work/root" / >/dev/null
buildah run --isolation chroot "$container" -- bash -c 'apt-get update -qq && apt-get install -qq --yes "$@" \
    && rm -rf /var/lib/apt/lists/* && apt-get clean' bash "${packages[@]}" >/dev/null
# pip and uv bring certificates of their own, which lack those that were added on this machine
buildah config --env SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt \
    --env PIP_CERT=/etc/ssl/certs/ca-certificates.crt "$container"
buildah commit --quiet --rm "$container" "$name" >/dev/null
echo "$name"

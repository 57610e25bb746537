#!/usr/bin/env bash
# Build the image without a Docker engine, train two iterations in it as its user, and print what the image weighs.
#   docker/build_check.sh [BASE]     BASE is a base image of your own (docker/debian_base.sh); else the Dockerfile's
# Needs root and buildah, some 20 GB of disk and a quarter of an hour or more; so it is no part of CI.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
image=ddpl_isaac:build_check
started=$SECONDS
buildah bud --isolation chroot --layers ${1:+--build-arg "BASE=$1" --pull=never} --tag "$image" \
    --file docker/Dockerfile .
echo "built in $((SECONDS - started)) s"

container=$(buildah from --pull=never "$image")
trap 'buildah rm "$container" >/dev/null' EXIT
home=$(mktemp -d)
chmod 755 "$home"
# what a cluster does: its entry script, a home that nobody may write to
started=$SECONDS
buildah run --isolation chroot --volume "$home:/home/ddpl:ro" --volume "$PWD/docker/cluster:/cluster:ro" "$container" \
    -- bash -c '
    [[ $(id -u) == 1001 ]] || { echo "error: the user is $(id -u), not 1001" >&2; exit 1; }
    if touch "$HOME/file" 2>/dev/null; then echo "error: the home can be written to" >&2; exit 1; fi
    set -e
    bash /cluster/seed.sh 0 --task DDPL-Cart-Pendulum --device cpu --num_envs 16 --max_iterations 2
    ls logs/ddpl/*/*/model_*.pt'
echo "trained in $((SECONDS - started)) s"

buildah images "$image"
# the layers, without those of the base
buildah inspect --type image --format \
    '{{range .OCIv1.History}}{{if not .EmptyLayer}}{{.CreatedBy}}{{"\n"}}{{end}}{{end}}' "$image" | cut -c 1-110

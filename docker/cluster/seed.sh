#!/usr/bin/env bash
# Train one seed on one GPU: seed.sh SEED [arguments of train.py ...]
# With DDPL_IMAGE (an Apptainer image made of the Docker image) inside it, else in the environment that is active.
set -euo pipefail
seed=${1:?usage: seed.sh SEED [arguments of train.py ...]}
shift
root=${DDPL_ROOT:-$PWD}
# The name keeps apart runs that start in the same second.
command=(python scripts/train.py --seed "$seed" --run_name "seed_$seed" "$@")
cd "$root"
if [[ -n ${DDPL_IMAGE:-} ]]; then
    mkdir -p logs
    exec apptainer exec --nv --bind "$root/logs:/workspace/ddpl_isaac/logs" --pwd /workspace/ddpl_isaac \
        "$DDPL_IMAGE" "${command[@]}"
fi
exec "${command[@]}"

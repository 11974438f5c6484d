# shellcheck shell=bash
# Sourced by the other scripts: where things are, and what mpirun needs to be told here. Sets nothing the user has set.

gan_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export gan_root

# mpirun refuses to start for root (containers!) unless told twice. Other users are not affected.
if [ "$(id -u)" -eq 0 ]; then
    export OMPI_ALLOW_RUN_AS_ROOT=${OMPI_ALLOW_RUN_AS_ROOT:-1}
    export OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=${OMPI_ALLOW_RUN_AS_ROOT_CONFIRM:-1}
fi

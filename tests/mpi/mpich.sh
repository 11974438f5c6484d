#!/usr/bin/env bash
# mpich.sh PROGRAM: the program built with MPICH, without a warning, and run by it: the bytes of PROGRAM, built with another MPI, on 1,
# 2 and 4 ranks and alone; status 75 and 2. launch/local.sh says that its mpirun is another. GAN_MPICH names the folder of
# MPICH's mpicc and mpiexec, as of PyPI's package:
#   python3 -m venv mpich && mpich/bin/pip install mpich==5.0.2 && GAN_MPICH=$PWD/mpich/bin ctest --test-dir build -R mpich
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../smoke/lib.sh"
[ -n "${GAN_MPICH:-}" ] || skip "GAN_MPICH names no folder with MPICH's mpicc and mpiexec (pip install mpich==5.0.2)"
[[ $("$GAN_MPICH/mpiexec" --version 2>&1) == *HYDRA* ]] || fail "$GAN_MPICH/mpiexec (GAN_MPICH) is not MPICH's"
write_config net.ini
train 0 --config net.ini --out other

cmake -S "$gan_root" -B build -DCMAKE_BUILD_TYPE=Release -DGAN_TESTS=OFF -DGAN_CUDA=OFF -DGAN_WERROR=ON \
    -DMPI_C_COMPILER="$(realpath "$GAN_MPICH")/mpicc" >out 2>err || fail "cmake does not take MPICH"
cmake --build build -j2 --target gan_dist >out 2>err || fail "no build with MPICH"
rm "$gan"
cp build/gan_dist "$gan" # this test's processes are found by that name
set_command() {
    local ranks=$1
    shift
    command=("$gan" "$@")
    [ "$ranks" -eq 0 ] || command=("$GAN_MPICH/mpiexec" -n "$ranks" "${command[@]}")
}
train 2 check --config net.ini
says out MPICH 'ranks      2 on 1 host' ready
for ranks in 0 1 2 4; do
    train "$ranks" --config net.ini --out "ranks-$ranks"
    same_run other "ranks-$ranks"
done
run 2 --config net.ini --batch 0 --out no
[ "$status" -eq 2 ] || fail "exit status $status, not 2"

runs() {
    grep -q '"running"' run/status.json && [ -e run/log.csv ]
}
start 2 --config net.ini --out run --steps 100000000 --log-every 1000
wait_until "some steps" runs
kill -USR1 "$(processes | grep -vx "$started" | tail -n 1)"
wait_for_end
[ "$status" -eq 75 ] || fail "exit status $status after SIGUSR1 to a rank, not 75"
says run/status.json '"stopped"'
wait_until "the end of all ranks" nobody_left

status=0
PATH=$GAN_MPICH:$PATH GAN_DIST=$gan "$gan_root/launch/local.sh" 2 --config net.ini --out no >out 2>err || status=$?
[ "$status" -eq 1 ] && [ "$(wc -l <err)" -eq 1 ] || fail "launch/local.sh with MPICH's mpirun: exit status $status"
says err 'is not the mpirun of Open MPI'

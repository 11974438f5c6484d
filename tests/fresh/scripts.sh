#!/usr/bin/env bash
# scripts.sh PROGRAM: the scripts that test take the words that they know, and no other; tests/run.sh goes through both halves, and its
# end and its status tell what has failed.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../smoke/lib.sh"

# refused SCRIPT WORDS...
refused() {
    local script=$1
    command=("$gan_root/$script" "${@:2}")
    status=0
    GAN_BUILD=$temp/build timeout 20 bash "${command[@]}" >out 2>err || status=$?
    [ "$status" -eq 2 ] || fail "exit status $status, not 2, of: ${command[*]}"
    says err "usage: $script"
    [ ! -e build ] || fail "it has begun: ${command[*]}"
}
refused tests/run.sh quik
refused tests/run.sh quick all
refused tests/run.sh ''
refused tests/fresh/run.sh
refused tests/fresh/run.sh sid
refused tests/fresh/run.sh bookworm ''
refused tests/fresh/run.sh bookworm quik
refused tests/fresh/run.sh 13 quick all

# --- the halves, with a cmake and a ctest of the test's own making ----------------------------------------

mkdir bin
printf '#!/bin/sh\necho installed\n' >bin/dpkg-query
ln -s dpkg-query bin/apt-get
cat >bin/cmake <<E2
#!/bin/sh
echo "cmake \$*" >>"$temp/calls"
case "\$*" in "\$(cat "$temp/does-not-build")"*) exit 2 ;; esac
E2
cat >bin/ctest <<E2
#!/bin/sh
echo "ctest \$*" >>"$temp/calls"
[ "\$2" != "$temp/build" ] || [ ! -e "$temp/fails" ] || {
    mkdir -p "\$2/Testing/Temporary"
    printf '3:dist.stall\n17:smoke.commands\n' >"\$2/Testing/Temporary/LastTestsFailed.log"
    exit 8
}
E2
chmod +x bin/*

# halves STATUS WORDS...: tests/run.sh ends with STATUS.
halves() {
    local wanted=$1
    shift
    rm -f calls
    command=(tests/run.sh "$@")
    status=0
    PATH=$temp/bin:$PATH GAN_BUILD=$temp/build bash "$gan_root/tests/run.sh" "$@" >out 2>err || status=$?
    [ "$status" -eq "$wanted" ] || fail "exit status $status, not $wanted, of: ${command[*]}"
}

echo none >does-not-build
unset GAN_WERROR
halves 0
says out 'tests: all passed' 'with sanitizers: all passed'
says calls '-DGAN_WERROR=OFF' "ctest --test-dir $temp/build -j" "ctest --test-dir $temp/build-asan" -DGAN_ASAN=ON
touch fails
GAN_WERROR=ON halves 8
says out 'tests: FAILED: dist.stall smoke.commands;' 'with sanitizers: all passed'
says calls '-DGAN_WERROR=ON' "ctest --test-dir $temp/build-asan"
halves 8 quick
says out 'quick: FAILED: dist.stall smoke.commands;'
says calls '--target quick' '-L ^quick$'
! grep -q asan calls || fail "quick builds with sanitizers"
rm fails
halves 0 quick
echo "--build $temp/build " >does-not-build
halves 1
says out 'tests: does not build' 'with sanitizers: all passed'

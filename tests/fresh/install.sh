#!/usr/bin/env bash
# install.sh PROGRAM: launch/install-deps.sh with an apt-get that writes down how it is called: lists of packages are fetched when they
# are needed, once; nothing that apt says is shown unless all has failed, and then it is; who may not install is told what to run.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../smoke/lib.sh"

# A system of a few programs. Its apt-get fails in a state that stands in the file named `state`: never, without lists, with old
# ones, always; update mends the first two.
mkdir bin
for tool in bash env grep mktemp rm tail cat sleep id; do
    ln -s "$(type -P "$tool")" "bin/$tool"
done
cat >bin/dpkg-query <<'E2'
#!/bin/bash
[ -e "${0%/*}/../all-there" ] && echo installed
E2
cat >bin/dpkg <<'E2'
#!/bin/bash
echo "dpkg $*" >>"${0%/*}/../calls"
E2
cat >bin/apt-get <<'E2'
#!/bin/bash
cd "${0%/*}/.."
state=$(cat state)
case " $* " in
*' update '*) echo update >>calls && echo "Get:1 lists" && { [ "$state" = always ] || echo never >state; } ;;
*' --simulate '*) [ "$state" != no-lists ] ;;
*' install '*)
    echo "install $DEBIAN_FRONTEND" >>calls
    [ "$state" = never ] || { echo "E: Package make is not available ($state)" >&2 && exit 100; } ;;
esac
E2
chmod +x bin/dpkg-query bin/dpkg bin/apt-get

# installs STATE STATUS CALLS: install-deps.sh ends with STATUS after these calls.
installs() {
    echo "$1" >state
    rm -f calls
    status=0
    command=(launch/install-deps.sh in the state "$1")
    PATH=$temp/bin bash "$gan_root/launch/install-deps.sh" >out 2>err || status=$?
    [ "$status" -eq "$2" ] || fail "exit status $status, not $2: ${command[*]}"
    [ "$(grep -v '^dpkg' calls 2>/dev/null | xargs)" = "$3" ] || fail "called: $(cat calls): ${command[*]}"
}

as_user() {
    rm bin/id
    printf '#!/bin/bash\necho 1000\n' >bin/id
    chmod +x bin/id
}

quiet() {
    [ ! -s err ] || fail "standard error is not empty: ${command[*]}"
    if grep -q '^E:' out; then fail "what apt has said: ${command[*]}"; fi
}

[ "$(id -u)" -eq 0 ] || { rm bin/id && printf '#!/bin/bash\necho 0\n' >bin/id && chmod +x bin/id; }
installs never 0 'install noninteractive'
quiet
says out 'installing gcc'
installs no-lists 0 'update install noninteractive'
quiet
installs old-lists 0 'install noninteractive update install noninteractive'
quiet
installs always 1 'install noninteractive update install noninteractive'
says err 'E: Package make is not available' 'apt-get update && ' 'apt-get install -y --no-install-recommends gcc'

as_user
installs never 1 ''
says err 'no sudo' 'run: apt-get update && apt-get install -y --no-install-recommends gcc'
printf '#!/bin/bash\nexit 1\n' >bin/sudo
chmod +x bin/sudo
installs never 1 ''
says err 'sudo does not let' 'run: apt-get update && apt-get install -y --no-install-recommends gcc'
# shellcheck disable=SC2016
printf '#!/bin/bash\n[ "$1" = true ] || exec "$@"\n' >bin/sudo
installs no-lists 0 'update install noninteractive'
quiet

touch all-there
installs always 0 ''
[ ! -s out ] && [ ! -s err ] || fail "it speaks though all is there"

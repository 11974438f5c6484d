#!/usr/bin/env bash
# hosts.sh PROGRAM: the host file of launch/hosts.sh, as other editors and systems save it: mpirun gets a plain one, or the reason
# is told. A stand-in for mpirun shows what it was given.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../smoke/lib.sh"
export GAN_DIST=$gan given=$temp/given
mkdir bin
cat >bin/mpirun <<'END'
#!/usr/bin/env bash
[ "$1" = --version ] && echo 'mpirun (Open MPI) 4.1.4' && exit
while [ $# -gt 0 ]; do
    [ "$1" = --hostfile ] && cp "$2" "$given"
    shift
done
END
chmod +x bin/mpirun
PATH=$PWD/bin:$PATH
printf '# mine\nlocalhost slots=1\n127.0.0.1 slots=1\n' >plain.txt

# taken NAME: hosts.txt means what plain.txt says.
taken() {
    rm -f "$given"
    bash "$gan_root/launch/hosts.sh" hosts.txt check >out 2>err || fail "$1: refused: $(cat err)"
    cmp -s <(grep -v '^$' "$given" | sed 's/ *$//') plain.txt || fail "$1: mpirun was given: $(od -c "$given")"
}

# refused NAME WORDS...: status 2, and the words are said.
refused() {
    local name=$1 status=0
    shift
    rm -f "$given"
    bash "$gan_root/launch/hosts.sh" hosts.txt check >out 2>err || status=$?
    [ "$status" -eq 2 ] && [ ! -e "$given" ] || fail "$name: status $status, not 2"
    says err "$@"
}

for mark in '' '\xef\xbb\xbf'; do
    for end in '\n' '\r\n' '\r' '\r\r\n'; do
        for last in "$end" '' "$end"'\x1a'; do
            printf '%b' "$mark# mine${end}localhost slots=1$end${end}127.0.0.1 slots=1 $last" >hosts.txt
            taken "'$mark' '$end' '$last'"
        done
    done
done
for order in LE BE; do
    iconv -f UTF-8 -t "UTF-16$order" plain.txt >text.txt
    { printf '%b' "$([ $order = LE ] && echo '\xff\xfe' || echo '\xfe\xff')" && cat text.txt; } >hosts.txt
    refused "UTF-16 $order" hosts.txt UTF-16 UTF-8
    cp text.txt hosts.txt
    refused "UTF-16 $order without its mark" hosts.txt UTF-16 UTF-8
done
printf '# \xc2\xa0 f\xc3\xbcr mich\nlocalhost slots=1\n127.0.0.1\xc2\xa0slots=1\n' >hosts.txt
refused 'a no-break space' hosts.txt:3 'no-break space'
sed 's/1\xc2\xa0/1 /; s/^#.*/# mine/' hosts.txt >text.txt && mv text.txt hosts.txt
taken 'the same with a blank'

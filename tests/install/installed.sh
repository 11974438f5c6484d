#!/usr/bin/env bash
# installed.sh PROGRAM BUILD CMAKE: an installed tree works from anywhere and wherever it is moved to; nothing in it knows the build.
build=$(realpath "${2:?BUILD}")
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../smoke/lib.sh"
cmake=$3
source=$gan_root
printf '%s' "$temp/" >.name # any process of this test
unset gan_program gan_root GAN_ROOT GAN_SITE

# install_to PREFIX [DESTDIR]: part by part, which leaves alone the list of what somebody has installed from this build.
install_to() {
    local part
    for part in program cuda; do
        DESTDIR=${2:-} "$cmake" --install "$build" --prefix "$1" --component "$part" >install.log 2>&1 ||
            fail "cmake --install: $(tail -n 5 install.log)"
    done
}

# does STATUS COMMAND...: leaves out and err.
does() {
    local wanted=$1
    shift
    command=("$@")
    start_command "$temp/out" "$temp/err"
    wait_for_end
    [ "$status" -eq "$wanted" ] || fail "exit status $status, not $wanted, of: $*"
}

# --- to one place, moved to another -------------------------------------------------------------------

install_to "$temp/first place"
mkdir 'a b' && mv 'first place' 'a b/here'
here="$temp/a b/here"
launch=$here/share/gan_dist/launch

for file in bin/gan_dist share/man/man1/gan_dist.1 share/bash-completion/completions/gan_dist share/doc/gan_dist/README.md \
    share/doc/gan_dist/LICENSE share/doc/gan_dist/docs/formats.md share/gan_dist/launch/common.sh \
    share/gan_dist/cluster/hosts.example share/gan_dist/cluster/sites/example.env; do
    [ -f "$here/$file" ] || fail "$file is not installed"
done
for script in local.sh hosts.sh slurm.sbatch slurm-requeue.sbatch; do
    [ -x "$launch/$script" ] || fail "$script is not installed, or not to be executed"
done
[ ! -e "$launch/quickstart.sh" ] && [ ! -e "$launch/install-deps.sh" ] || fail "a script for a checkout is installed"

known=$(grep -rlF -e "$build" -e "$source/" "$here" || true)
[ -z "$known" ] || fail "where it was built stands in: $known"
if command -v readelf >/dev/null; then
    for file in "$here/bin/gan_dist" "$here"/lib/gan_dist/*.so; do
        [ -e "$file" ] || continue
        if readelf -d "$file" | grep -E 'R(UN)?PATH' | grep -F "$source"; then fail "$file has a path to the build"; fi
    done
fi
for module in "$build"/libgan_*.so; do
    [ ! -e "$module" ] || [ -e "$here/lib/gan_dist/${module##*/}" ] || fail "${module##*/} is not installed"
done

# --- the program and its scripts ----------------------------------------------------------------------

mkdir elsewhere && cd elsewhere
does 0 "$here/bin/gan_dist" --version
does 0 "$here/bin/gan_dist" check
says ../out ready
does 0 "$launch/local.sh" 2 --preset quickstart --data faces:64 --steps 2 --threads 1 --out run
checkpoint=$(newest run)
[ "$(basename "$checkpoint")" = step-00000002.safetensors ] || fail "no checkpoint of step 2"
does 0 "$here/bin/gan_dist" generate --checkpoint "$checkpoint" --out grid.png --num 4
png_is grid.png 96 96
echo "localhost slots=2" >hosts.txt
does 0 "$launch/hosts.sh" hosts.txt check
says ../out 'ranks' '2'

mkdir ../bin
ln -s "$launch/local.sh" ../bin/train
does 0 ../bin/train 1 check
ln -s ../bin/train ../bin/again
does 0 ../bin/again 1 check
ln -s "$launch" ../scripts
does 0 ../scripts/local.sh 1 check
cd ..

# Under Slurm a copy of the script runs; srun is where it says.
mkdir spool tools
cp "$launch/slurm.sbatch" spool/slurm_script
cat >tools/srun <<'SRUN'
#!/usr/bin/env bash
[ "$1" != --mpi=list ] || { echo pmix; exit 0; }
while [[ $1 == -* ]]; do shift; done
echo "srun starts $1" && exec "$@"
SRUN
chmod +x tools/srun
job=(env "PATH=$temp/tools:$PATH" SLURM_JOB_ID=1 "SLURM_SUBMIT_DIR=$temp/elsewhere")
does 0 "${job[@]}" "GAN_ROOT=$here/share/gan_dist" bash spool/slurm_script check
says out "srun starts $here/bin/gan_dist" ready
does 0 "${job[@]}" "PATH=$temp/tools:$here/bin:$PATH" bash spool/slurm_script check
says out "srun starts $here/bin/gan_dist" ready
if ! command -v gan_dist >/dev/null; then
    does 2 "${job[@]}" bash spool/slurm_script check
    says err "no launch/common.sh in $temp/elsewhere" GAN_ROOT= 'in PATH'
fi
does 2 "${job[@]}" "GAN_ROOT=$temp/nowhere" "PATH=$temp/tools:$here/bin:$PATH" bash spool/slurm_script check
says err "no launch/common.sh in $temp/nowhere"

# --- without the program ------------------------------------------------------------------------------

mkdir path && mv "$here/bin/gan_dist" path/
if ! command -v gan_dist >/dev/null; then
    does 1 "$launch/local.sh" 1 check
    says err "there is no program $(printf %q "$here/bin/gan_dist")" 'install it again'
fi
does 0 env "PATH=$temp/path:$PATH" "$launch/local.sh" 1 check
does 1 env "GAN_DIST=$temp/none" "$launch/local.sh" 1 check
says err 'GAN_DIST names it'
# A checkout that is not built: its advice can be typed.
mkdir 'check out' && cp -r "$source/launch" 'check out/' && touch 'check out/CMakeLists.txt'
does 1 'check out/launch/local.sh' 1 check
says err "cmake -S $temp/check\\ out -B $temp/check\\ out/build" "run $temp/check\\ out/launch/quickstart.sh"

# --- packed, and taken away ---------------------------------------------------------------------------

install_to /usr "$temp/dest dir"
[ -x 'dest dir/usr/bin/gan_dist' ] || fail "no program below DESTDIR"
outside=$(find 'dest dir' -type f ! -path 'dest dir/usr/*')
[ -z "$outside" ] || fail "outside of the prefix: $outside"
while read -r file; do
    [ -z "$file" ] || rm "dest dir$file"
done < <(for part in program cuda; do cat "$build/install_manifest_$part.txt" && echo; done)
left=$(find 'dest dir' ! -type d)
[ -z "$left" ] || fail "the lists of what is installed do not name: $left"
echo "installed: moved, started from elsewhere and by links, taken away again"

#!/usr/bin/env bash
# check_the_checks.sh PROGRAM: plants one fault after another in a copy of the tree; each must be found, and by its own words.
set -euo pipefail
program=$(realpath "${1:?PROGRAM}")
arch=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
export GAN_ARCH_ROOT=$tree/copy
missed=0

fresh_copy() {
    rm -rf "$GAN_ARCH_ROOT"
    mkdir "$GAN_ARCH_ROOT"
    (cd "$arch/../.." && cp -R .ci .clang-format CMakeLists.txt LICENSE README.md cluster docs include launch src tests "$GAN_ARCH_ROOT")
    cd "$GAN_ARCH_ROOT"
}

# expect CHECK WORDS EDIT: after EDIT, CHECK fails and says WORDS.
expect() {
    local said status=0
    fresh_copy
    bash -c "$3"
    # shellcheck disable=SC2086 # the check brings its arguments
    said=$(bash "$arch"/$1 2>&1) || status=$?
    if [ "$status" -eq 77 ]; then
        echo "$1: $said"
    elif [ "$status" -ne 1 ] || ! grep -qF -- "$2" <<<"$said"; then
        printf '%s\n' "$1: did not find: $3 (exit $status)" "$said" >&2
        missed=$((missed + 1))
    fi
}

long_function() {
    echo "{ echo 'static void far_too_long(void)'; echo '{'; yes '    ;' | head -n $1; echo '}'; } >>src/step/order.c"
}

expect arrows.sh 'comm may not include gan_dist/net.h of model' "echo '#include \"gan_dist/net.h\"' >>src/comm/comm.c"
expect arrows.sh 'base may not include gan_dist/config.h' "echo '#include \"gan_dist/config.h\"' >>include/gan_dist/rng.h"
expect arrows.sh 'a private header of model' "echo '#include \"model/model.h\"' >>src/out/grid.c"
expect arrows.sh 'is neither a public header nor' "echo '#include \"nowhere.h\"' >>src/out/grid.c"
expect arrows.sh 'is not that of tests/arch/arrows.txt' "sed -i '/^| .optim/d' docs/architecture.md"
expect arrows.sh 'src/extra: has no row' "mkdir src/extra"
expect arrows.sh 'include/gan_dist/extra.h: has no row' "touch include/gan_dist/extra.h"
expect headers.sh "gan_dist/optim.h:" "sed -i '/#include/d' include/gan_dist/optim.h"
expect headers.sh 'its include guard' "sed -i s/GAN_DIST_RNG_H/RANDOM_H/ include/gan_dist/rng.h"
expect sizes.sh 'src/step/order.c: ' "yes '' | head -n 400 >>src/step/order.c"
expect sizes.sh 'far_too_long(void): 61 lines' "$(long_function 59)"
expect words.sh 'a note to self' "echo '/* TO''DO later */' >>src/step/order.c"
expect words.sh 'switched off' "printf '#if 0\n#endif\n' >>src/step/order.c"
expect words.sh 'code in a comment' "echo '/* gan_step_next(step); */' >>src/step/order.c"
expect words.sh 'code in a comment' "printf '/* was\n * x = y + 1;\n */\n' >>src/step/order.c"
expect words.sh 'code in a comment' "echo '// return 0;' >>include/gan_dist/rng.h"
expect format.sh 'order.c' "echo 'int   x ;' >>src/step/order.c"
expect format.sh 'alone on its line' "printf '/* torn\n */\n' >>src/step/order.c"
expect format.sh 'a comment of 114 columns' "printf '/* %0108d */\n' 0 >>src/step/order.c"
expect "docs.sh $program" 'links to nowhere.md' "echo '[x](nowhere.md)' >>docs/style.md"
expect "docs.sh $program" 'no such heading' "echo '[x](numerics.md#nothing)' >>docs/style.md"
expect "docs.sh $program" 'README.md: has no link to docs/extra.md' "touch docs/extra.md"
expect "docs.sh $program" 'the map names src/optim' "mv src/optim src/elsewhere"
expect "docs.sh $program" 'the map does not name src/extra.c' "touch src/extra.c"
expect "docs.sh $program" 'preset extra is missing' "touch src/config/presets/extra.ini"
expect "docs.sh $program" 'option --shards is missing' "sed -i s/--shards//g docs/formats.md"
expect "docs.sh $program" 'uses --no-such-option' "sed -i 's/--preset/--no-such-option/' README.md"

expect ../cluster/facts/scripts.sh 'launch/local.sh: line' "echo 'if true' >>launch/local.sh"
expect "../cluster/facts/options.sh $program" 'README.md: uses --data-path' "sed -i 's/gan_dist --preset/gan_dist --data-path/' README.md"
expect "../cluster/facts/options.sh $program" 'uses gan_dist trian' "sed -i 's/gan_dist check/gan_dist trian/' README.md"
expect "../cluster/facts/files.sh $program" 'mpirun does not find 2 hosts' "sed -i 's/slots=/slotz=/' cluster/hosts.example"
expect "../cluster/facts/files.sh $program" 'unknown key replica' "sed -i 's/replicas: 2/replica: 2/' cluster/mpijob.yaml"
expect "../cluster/facts/files.sh $program" 'its options: gan_dist: ' "sed -i 's/--checkpoint-every, 300s/--checkpoint-every, 300m/' cluster/mpijob.yaml"

expect "../docs/code.sh --place-only" 'no file is named' "printf '\n%s\nint x;\n%s\n' '\`\`\`c' '\`\`\`' >>docs/add-a-loss.md"
expect "../docs/code.sh --place-only" 'C in a block that does not say' "sed -i 's/\`\`\`c$/\`\`\`/' docs/add-a-layer.md"
expect "../docs/code.sh --place-only" 'no line of src/base/error.c begins like it' "sed -i 's|src/model/layers.c|src/base/error.c|' docs/add-a-layer.md"
expect "../docs/code.sh --place-only" 'it stands in no tests/ops/rows_' "sed -i 's/= setup_bias_add/= setup_bias/' docs/add-a-backend.md"
expect "../docs/code.sh --place-only" 'should be clang-formatted' "sed -i 's/dlogit\[0\] = off/dlogit[0]=off/' docs/add-a-loss.md"
expect ../docs/code.sh 'undeclared' "sed -i 's|return off \* off|return of * off|' docs/add-a-loss.md"
expect ../docs/code.sh 'model_test_losses: ' "sed -i 's|dlogit\[0\] = off|dlogit[0] = 2 * off|' docs/add-a-loss.md"

expect ../cluster/facts/messages.sh "explains 'has died; last:'" "sed -i 's/has died; last/has gone; last/' src/comm/watch.c"
# Two libraries, one calling the other against the arrows.
fresh_copy
cd "$tree"
echo 'void gan_net_thing(void); void gan_net_thing(void) {}' >net.c
echo 'void gan_net_thing(void); void gan_comm_thing(void); void gan_comm_thing(void) { gan_net_thing(); }' >comm.c
"${CC:-cc}" -c net.c comm.c
ar rc libgan_model.a net.o
ar rc libgan_comm.a comm.o
expect "symbols.sh $tree" 'uses gan_net_thing of model, against the arrows' true
# Programs that look for libraries in the folder they are started in.
for path in '' lib '/lib:' "\$ORIGINAL"; do
    mkdir -p "$tree/rpath"
    echo 'int main(void) { return 0; }' >"$tree/main.c"
    "${CC:-cc}" -Wl,-rpath,"$path:/usr/lib" -o "$tree/rpath/main" "$tree/main.c"
    expect "rpaths.sh $tree/rpath" 'main ' true
done

[ "$missed" -eq 0 ] || exit 1
echo "every planted fault was found"

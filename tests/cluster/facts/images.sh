#!/usr/bin/env bash
# images.sh: cluster/Dockerfile and cluster/gan_dist.def without their tools: what they copy is enough for their own commands to
# build the program; packages come from launch/install-deps.sh; sshd and ssh take the settings.
# shellcheck source=tests/arch/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../arch/lib.sh"

temp=$(mktemp -d)
trap 'rm -rf "$temp"' EXIT

# The instructions of the Dockerfile, each in one line.
instructions() {
    grep -v '^#' cluster/Dockerfile | sed -e ':again' -e '/\\$/ { N; s/[[:space:]]*\\\n[[:space:]]*/ /; b again' -e '}' |
        grep -v '^[[:space:]]*$'
}

# section NAME: of the definition.
section() {
    sed -n "/^%$1\$/,/^%/p" cluster/gan_dist.def | grep -v '^%' | sed 's/^ *//' | grep -v '^$'
}

# "FROM TO", TO below the folder of the program.
copies() {
    case $1 in
    cluster/Dockerfile) instructions | sed -n 's/^COPY //p' ;;
    *) section files | sed 's# /opt/gan_dist/# #' ;;
    esac
}

commands() {
    case $1 in
    cluster/Dockerfile) instructions | sed -n 's/^RUN //p' ;;
    *) section post ;;
    esac
}

build_command() {
    commands "$1" | grep '^cmake '
}

check_build() {
    local tree=$temp/tree from to build
    build=$(build_command cluster/Dockerfile)
    mkdir "$tree"
    while read -r from to; do
        cp -R "$from" "$tree/$to" 2>&1 || true
    done < <(copies cluster/Dockerfile)
    (cd "$tree" && bash -c "$build" && build/gan_dist --version) >"$temp/log" 2>&1 ||
        echo "cluster/Dockerfile: what it copies does not build: $(grep -iE -m 3 'error' "$temp/log")"
}

# Both images are made of the same files by the same command.
check_same() {
    diff <(copies cluster/Dockerfile | sort) <(copies cluster/gan_dist.def | sort) >/dev/null ||
        echo "cluster/gan_dist.def: does not copy what cluster/Dockerfile copies"
    [ "$(build_command cluster/Dockerfile)" = "$(build_command cluster/gan_dist.def)" ] ||
        echo "cluster/gan_dist.def: does not build as cluster/Dockerfile does"
}

# The one list is that of install-deps.sh: no package of it stands here again.
check_packages() {
    local package
    commands "$1" | grep -q '^bash launch/install-deps.sh' || echo "$1: does not run launch/install-deps.sh"
    for package in $(sed -n '/^packages=(/,/)/p' launch/install-deps.sh | tr -d '()' | sed 's/packages=//'); do
        ! grep -qE "[ =]$package( |\$)" <<<"$(commands "$1" | grep 'apt-get install')" ||
            echo "$1: installs $package, which is in launch/install-deps.sh"
    done
}

check_ssh() {
    local settings
    if [ "$(id -u)" -ne 0 ] || ! command -v sshd ssh >/dev/null; then
        echo "not checked, no root or no sshd: the settings of ssh" >&2
        return
    fi
    settings=$(commands cluster/Dockerfile | grep '^mkdir -p /run/sshd' | sed "s#/etc/ssh/#$temp/#g")
    mkdir "$temp/sshd_config.d" "$temp/ssh_config.d"
    ssh-keygen -q -N '' -f "$temp/key"
    # sshd looks for /run/sshd; one that nobody else sees.
    grep -qx 'strictmodes no' < <(unshare --mount bash -c "mount -t tmpfs run /run && $settings &&
        $(command -v sshd) -T -h $temp/key -f $temp/sshd_config.d/gan_dist.conf" 2>&1) ||
        echo "cluster/Dockerfile: sshd does not take its settings"
    grep -qx 'stricthostkeychecking false' < <(ssh -G -F "$temp/ssh_config.d/gan_dist.conf" worker 2>&1) ||
        echo "cluster/Dockerfile: ssh does not take its settings"
}

check_words() {
    local word
    while read -r word _; do
        [[ $word =~ ^(ARG|FROM|WORKDIR|COPY|RUN|ENV|CMD)$ ]] || echo "cluster/Dockerfile: $word is no instruction that this check knows"
    done < <(instructions)
    for word in files post environment runscript test; do
        section "$word" | bash -n 2>&1 || true
        [ -n "$(section "$word")" ] || echo "cluster/gan_dist.def: no %$word"
    done
}

findings=$(check_words; check_packages cluster/Dockerfile; check_packages cluster/gan_dist.def; check_ssh
    check_same; check_build)
verdict "images" 2 "$findings"

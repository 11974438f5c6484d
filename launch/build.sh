# shellcheck shell=bash
# Sourced, after common.sh, by the scripts that build: in which folder, and one of them at a time.
: "${gan_root:?}"

# gan_choose_folders: sets gan_build, the folder to build in, and gan_runs, the one for runs. They are `build` and `runs` of the
# checkout; where that cannot be written, of the user's cache. GAN_BUILD names another folder to build in.
gan_choose_folders() {
    local folder=$gan_root
    if [ ! -w "$folder" ]; then
        folder=$(gan_cache_folder)
        mkdir -p "$folder"
        if [ ! -O "$folder" ]; then
            echo "$0: $gan_root cannot be written, and $folder belongs to somebody else" >&2
            exit 1
        fi
    fi
    gan_build=$(realpath -m -- "${GAN_BUILD:-$folder/build}")
    gan_runs=$folder/runs
    [ "$folder" = "$gan_root" ] ||
        echo "$gan_root cannot be written: builds go to $gan_build (GAN_BUILD names another folder), runs to $gan_runs"
}

# gan_alone COMMAND...: runs it when no other script installs or builds for the same folder. The lock ends with the command.
gan_alone() (
    mkdir -p -- "$gan_build"
    exec 8>"$gan_build/.lock"
    local code=0
    ! command -v flock >/dev/null || flock -n 8 2>/dev/null || code=$?
    if [ "$code" -eq 1 ]; then # another code: this file system has no locks
        echo "another script builds or tests in $gan_build: waiting for it"
        flock 8
    fi
    "$@" 8>&- # what it starts does not hold the lock
)

# gan_configure FOLDER CMAKE_OPTIONS...: quiet, unless it fails.
gan_configure() {
    local folder=$1 log=$1/configure.log
    shift
    mkdir -p -- "$folder"
    if ! cmake -S "$gan_root" -B "$folder" "$@" >"$log" 2>&1; then
        cat "$log" >&2
        echo "$0: cmake cannot configure $folder (above); if it was made for another checkout or compiler: rm -r $(printf %q "$folder")" >&2
        return 1
    fi
}

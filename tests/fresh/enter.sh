#!/usr/bin/env bash
# enter.sh ROOT ARCHIVES USER COMMAND: as the first process of namespaces of its own: mounts what a running system has, with ARCHIVES as
# the place for apt's packages, and runs COMMAND as USER in ROOT, as after a login.
set -euo pipefail
root=$1 archives=$2 user=$3 command=$4

mount -t proc proc "$root/proc"
mount --rbind /sys "$root/sys"
mount -t tmpfs -o mode=755 dev "$root/dev"
for device in null zero full random urandom tty; do
    touch "$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
done
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620,gid=5 devpts "$root/dev/pts"
mount -t tmpfs -o mode=1777 shm "$root/dev/shm"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
for i in 0 1 2; do
    ln -s "/proc/self/fd/$i" "$root/dev/$(sed -n "$((i + 1))p" <<<$'stdin\nstdout\nstderr')"
done
mount --bind "$archives" "$root/var/cache/apt/archives"
hostname fresh
echo "127.0.0.1 localhost fresh" >"$root/etc/hosts"
# Not exec: as process 1, this one reaps orphans.
status=0
env -i TERM=dumb /usr/sbin/chroot "$root" /bin/su -l "$user" -c "$command" || status=$?
exit "$status"

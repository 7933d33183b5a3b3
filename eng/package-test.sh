#!/usr/bin/env bash
# eng/package-test.sh PACKAGE BALANCER: installs a package of seguro as an older version, starts what is in it, upgrades and purges it, and the balancer's alone: in an overlay over this very system, of which nothing is left.
# Root. Ends with 'ok', or says what is wrong.
set -euo pipefail
root=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)
package=$(readlink -f "$1") balancer=$(readlink -f "$2")
if [ "${SEGURO_PACKAGE_TEST:-}" != inside ]; then
  [ "$(id -u)" -eq 0 ] || exec sudo "$0" "$@"
  . "$root/eng/setup.sh"
  need_packages adduser util-linux python3 libdqlite0 liblmdb0
  exec env SEGURO_PACKAGE_TEST=inside unshare --mount --pid --fork --kill-child "$0" "$@"
fi
work=$(mktemp -d /tmp/seguro-package-XXXXXX)
trap 'umount -R "$work/system" 2>/dev/null || true; umount "$work" 2>/dev/null || true; rmdir "$work"' EXIT
mount -t tmpfs -o size=1g none "$work"
mkdir "$work"/{upper,work,system}
mount -t overlay overlay -o "lowerdir=/,upperdir=$work/upper,workdir=$work/work" "$work/system"
mount -t proc proc "$work/system/proc"
mount --bind /dev "$work/system/dev"
mount -t tmpfs none "$work/system/run" # no systemd there, as in a container
mount -t tmpfs none "$work/system/tmp"
cp "$package" "$work/system/new.deb"
cp "$balancer" "$work/system/balancer.deb"
dpkg-deb -R "$package" "$work/system/tmp/old"
sed -i 's/^Version: .*/Version: 0.0.1~older/' "$work/system/tmp/old/DEBIAN/control"
dpkg-deb -Zgzip -z1 --root-owner-group -b "$work/system/tmp/old" "$work/system/old.deb" >/dev/null
rm -r "$work/system/tmp/old"
cat >"$work/system/check" <<'INSIDE'
set -euo pipefail
wrong() { echo "package: $*" >&2; exit 1; }
export DEBIAN_FRONTEND=noninteractive PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C
dpkg -i /old.deb >/log 2>&1 || { cat /log >&2; wrong "it does not install"; }
id seguro >/dev/null || wrong "there is no user"
[ "$(stat -c %U:%a /var/lib/seguro)" = seguro:750 ] || wrong "/var/lib/seguro is $(stat -c %U:%a /var/lib/seguro)"
seguro --version >/dev/null
# A member, as the unit runs it: as its user, with systemd's end of the notification played by this script.
seguro cluster init /tmp/zod --members 1 --ship ~zod --kernel demo >/dev/null
cp -r /tmp/zod/m1 /var/lib/seguro/m1
chown -R seguro: /var/lib/seguro/m1
python3 - <<'PYTHON'
import os, re, socket, subprocess, sys
listen = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
listen.bind("/run/notify")
os.chmod("/run/notify", 0o777)
listen.settimeout(60)
unit = open("/lib/systemd/system/seguro-member@.service").read().replace("%i", "m1")
command = re.search(r"ExecStart=(.*)", unit).group(1)
member = subprocess.Popen(["setpriv", "--reuid=seguro", "--regid=seguro", "--clear-groups", *command.split()],
    env={"PATH": "/usr/bin:/bin", "NOTIFY_SOCKET": "/run/notify", "WATCHDOG_USEC": "3000000", "JOURNAL_STREAM": "8:1"}, stdout=open("/log", "wb"))
heard = []
try:
    while not ("READY=1" in heard and any(word.startswith("STATUS=master") for word in heard) and heard.count("WATCHDOG=1") > 2):
        heard.append(listen.recv(4096).decode())
    status = subprocess.run(["seguro", "status", "--json", "-c", "/var/lib/seguro/m1/seguro.json"], capture_output=True, text=True)
    assert '"role":"master"' in status.stdout, status
    member.terminate()
    while "STOPPING=1" not in heard:
        heard.append(listen.recv(4096).decode())
    assert member.wait(60) == 0, member.returncode
except BaseException:
    sys.stderr.write(open("/log").read()[-3000:] + repr(heard))
    member.kill()
    raise
assert re.search(r"^<6>m1 is Master", open("/log").read(), re.M), "the journal gets no levels"
PYTHON
bash -c '. /usr/share/bash-completion/completions/seguro; COMP_LINE="seguro clus" COMP_POINT=11 COMP_WORDS=(seguro clus) COMP_CWORD=1; _seguro; [ "${COMPREPLY[*]}" = cluster ]' || wrong "the completion does not complete"
zcat /usr/share/man/man1/seguro.1.gz | grep -q 'cluster.*recover' || wrong "the manual page lacks verbs"
dpkg -i /new.deb >/log 2>&1 || { cat /log >&2; wrong "it can't be upgraded"; }
[ "$(dpkg-query -W -f '${Version}' seguro)" = "$(dpkg-deb -f /new.deb Version)" ] || wrong "the upgrade did not take"
[ -f /var/lib/seguro/m1/data/term ] || wrong "the upgrade lost a member's data"
seguro --version >/dev/null
dpkg -P seguro >/log 2>&1 || { cat /log >&2; wrong "it can't be purged"; }
[ -f /var/lib/seguro/m1/data/term ] || wrong "the purge lost a member's data"
[ ! -e /usr/bin/seguro ] && [ ! -e /usr/lib/seguro ] && [ ! -e /etc/seguro ] || wrong "the purge left files"
# The balancer's machine: this package alone, started as its unit does.
dpkg -i /balancer.deb >/log 2>&1 || { cat /log >&2; wrong "the balancer does not install"; }
cp /tmp/zod/balancer.keys /var/lib/seguro/balancer.keys && chown seguro: /var/lib/seguro/balancer.keys && chmod 600 /var/lib/seguro/balancer.keys
command=$(sed -n 's/^ExecStart=//p' /lib/systemd/system/seguro-balancer.service | sed 's/\${LISTEN}/127.0.0.1:0/; s/\${INSIDE}/127.0.0.1:0/')
setpriv --reuid=seguro --regid=seguro --clear-groups $command >/log 2>&1 & balancer=$!
for _ in $(seq 600); do ! grep -q 'come in at' /log || break; kill -0 $balancer 2>/dev/null || break; sleep 0.1; done
kill $balancer 2>/dev/null || true
wait $balancer || { cat /log >&2; wrong "the balancer did not run"; }
grep -q 'come in at' /log || wrong "the balancer does not say where it listens"
dpkg -P seguro-balancer >/log 2>&1 || { cat /log >&2; wrong "the balancer can't be purged"; }
[ ! -e /usr/bin/seguro-balancer ] && [ ! -e /usr/lib/seguro-balancer ] || wrong "the balancer's purge left files"
INSIDE
chroot "$work/system" bash /check
echo ok

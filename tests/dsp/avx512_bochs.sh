#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The AVX-512 kernels against the scalar ones on a computer without AVX-512: boots Linux with the comparison as its first process in
# Bochs, the one emulator of Debian 12 that knows these instructions. Takes some minutes, so it is no part of the tests.
# Needs: bochs bochs-term bochsbios vgabios xorriso isolinux syslinux-common cpio, and a kernel (linux-image-cloud-amd64).
# Usage: tests/dsp/avx512_bochs.sh VMLINUZ
set -eu
kernel=$(realpath "$1")
source=$(realpath "$(dirname "$0")/../..")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

flags="-std=c17 -O3 -ffp-contract=off -fno-math-errno -fno-trapping-math -D_GNU_SOURCE -DWMSDR_HAVE_AVX512 -I$source/src
    -I$source/tests/dsp"
# shellcheck disable=SC2086
gcc $flags -mavx512f -mavx512bw -mavx512dq -mavx512vl -c "$source/src/dsp/kernels_avx512.c"
# shellcheck disable=SC2086
gcc $flags -static -o compare "$source/src/dsp/dispatch.c" "$source/src/dsp/kernels_scalar.c" "$source/tests/dsp/kernel_cases.c" \
    "$source/tests/dsp/kernel_compare.c" kernels_avx512.o -lm
cat >init.c <<'C'
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>
int main(void)
{
    int status = -1;
    if (fork() == 0)
        execl("/compare", "compare", "avx512", (char *)0);
    wait(&status);
    printf("result %d\n", status);
    for (;;)
        pause();
}
C
gcc -static -O2 -o init init.c

mkdir -p root/dev iso/isolinux
cp init compare root
mknod root/dev/console c 5 1
(cd root && find . | cpio --quiet -o -H newc | gzip -1) >iso/initrd.gz
cp "$kernel" iso/vmlinuz
cp /usr/lib/ISOLINUX/isolinux.bin /usr/lib/syslinux/modules/bios/ldlinux.c32 iso/isolinux
# Bochs 2.7 and Linux disagree on the size of the compact register area, and Linux then gives up AVX: the plain area it is.
cat >iso/isolinux/isolinux.cfg <<'C'
DEFAULT linux
LABEL linux
  KERNEL /vmlinuz
  INITRD /initrd.gz
  APPEND console=ttyS0 mitigations=off tsc=reliable lpj=100000 no_timer_check nosmp noapic acpi=off clearcpuid=pku,xsaves,xsavec
C
xorriso -as mkisofs -quiet -o boot.iso -b isolinux/isolinux.bin -c isolinux/boot.cat -no-emul-boot -boot-load-size 4 -boot-info-table iso
cat >bochsrc <<'C'
display_library: term
cpu: model=corei7_skylake_x, ips=50000000
memory: guest=512, host=512
romimage: file=/usr/share/bochs/BIOS-bochs-latest
vgaromimage: file=/usr/share/vgabios/vgabios.bin
ata0-master: type=cdrom, path=boot.iso, status=inserted
boot: cdrom
com1: enabled=1, mode=file, dev=serial.txt
clock: sync=none
log: bochs.log
C
echo c >debugger # Debian's Bochs stops in its debugger first
TERM=xterm script -qc "exec bochs -q -f bochsrc -rc debugger" /dev/null >bochs.tty 2>&1 </dev/null &
bochs=$!
waited=0
while ! grep -q '^result' serial.txt 2>/dev/null && [ $waited -lt 3600 ]; do
    sleep 5
    waited=$((waited + 5))
done
kill "$bochs"
grep -a -E '^avx512|^this CPU|^result' serial.txt
grep -a -q '^result 0' serial.txt

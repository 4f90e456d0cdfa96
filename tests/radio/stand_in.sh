# SPDX-License-Identifier: GPL-3.0-or-later
# For the scripts that run the program at a stand-in radio: sourced behind their options, with $build (a build with tests), and
# $keep=1 when the folder is to stay. They go on inside an empty folder of their own.
build=$(cd "$build" && pwd)
wmsdr=$build/wmsdr fakes=$build/tests/radio
folder=$(mktemp -d)
if [ "${keep-}" = 1 ]; then echo "$folder"; else trap 'rm -rf "$folder"' EXIT; fi
cd "$folder"

# stand_in KIND: $device is what -d takes, $words what FAKE_RADIO says besides, $preload what goes into the program (a server that is part of it).
stand_in() {
    words='' preload=''
    case $1 in
    soapy) device=soapy:driver=fake ;;
    soapy-untimed) device=soapy:driver=fake words=timestamps=no ;;
    rtlsdr) device=rtlsdr:FAKE0001 ;;
    rtltcp) # an address of its own
        FAKE_RTL_TCP=127.$(($$ / 65536 % 250 + 1)).$(($$ / 256 % 256)).$(($$ % 255 + 1))
        export FAKE_RTL_TCP
        device=rtltcp:$FAKE_RTL_TCP preload=$fakes/fake_preload/fake_server.so
        ;;
    *) exit 2 ;;
    esac
}

# exec_at_fake SETTINGS COMMAND...: becomes COMMAND, which finds the stand-ins in place of the libraries; they do what SETTINGS say (fake.h).
exec_at_fake() {
    fake_radio=$1
    shift
    exec env FAKE_RADIO="$fake_radio" LD_LIBRARY_PATH="$fakes/fake_libraries" SOAPY_SDR_PLUGIN_PATH="$fakes/fake_modules" \
        SOAPY_SDR_ROOT=/nonexistent "$@"
}

# exec_in_time TIME SETTINGS COMMAND...: likewise, in simulated time (simulated_time.c says what TIME is).
exec_in_time() {
    simulated_time=$1 fake_radio=$2
    shift 2
    exec_at_fake "$fake_radio" env SIMULATED_TIME="$simulated_time" ASAN_OPTIONS=verify_asan_link_order=0:"${ASAN_OPTIONS-}" \
        LD_PRELOAD="$fakes/fake_preload/fake_time.so${preload:+ $preload}" "$@"
}

# sent TRUTH: what `wmsdr synth --truth` wrote, as TELEGRAM SAMPLE MODE SECONDS, which the chips behind its sample take in the air.
sent() {
    sed 's/^{"telegram":"\([0-9A-F]*\)","mode":"\(.\)","format":"\(.\)","sample":\([0-9]*\).*/\4 \1 \2 \3/' "$1" | awk '{
        bytes = length($2) / 2
        bytes += $4 == "B" ? 2 : 2 * (1 + int((bytes - 10 + 15) / 16))
        printf "%s %d %s %.9f\n", $2, $1, $3, $3 == "T" ? bytes * 12 / 100e3 : $3 == "C" ? bytes * 8 / 100e3 : bytes * 16 / 32768
    }'
}

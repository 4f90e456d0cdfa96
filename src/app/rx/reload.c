/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/commands/commands.h"
#include "app/options/common.h"
#include "app/options/config.h"
#include "app/rx/rx.h"

#include <string.h>

/* What a reload reads is tried first without opening anything (lasting is NULL); then outputs are closed and opened anew, as two
 * cannot have one file, but for those that last. What belongs to the receiver stays as it is. */
static int read_again(struct wm_rx *rx, struct wm_rx *fresh, struct wm_outputs *lasting)
{
    struct wm_config_args args;
    char why[WM_CONFIG_WHY];
    bool done = false;
    int result = WM_EXIT_FAILED;

    memset(fresh, 0, sizeof *fresh);
    fresh->shared.reloading = true;
    if (wm_config_merge(&wm_command_rx, rx->argc, rx->argv, &args, why) != WM_OK) {
        wm_say("%s", why);
        return WM_EXIT_USAGE;
    }
    if (wm_shared_create(&fresh->shared) == WM_OK) {
        if (lasting)
            wm_outputs_inherit(fresh->shared.outputs, lasting);
        else
            wm_outputs_dry(fresh->shared.outputs);
        wm_outputs_reopened(fresh->shared.outputs);
        result = wm_rx_parse(fresh, args.argc, args.argv, &done);
    }
    if (result == WM_EXIT_OK && wm_common_default_output(fresh->shared.outputs) != WM_OK)
        result = WM_EXIT_FAILED;
    wm_config_free(&args);
    return result;
}

enum wm_status wm_rx_reload(struct wm_rx *rx, struct wm_pipeline *pipeline, bool patient)
{
    struct wm_rx fresh;
    int result = read_again(rx, &fresh, NULL);
    struct wm_keystore *old_keys = NULL;
    struct wm_outputs *lasting = NULL;
    enum wm_status status = WM_OK;

    wm_outputs_destroy(fresh.shared.outputs);
    wm_keystore_destroy(fresh.shared.keys);
    if (result != WM_EXIT_OK) {
        wm_say("the configuration has not been taken over; all goes on as before");
        return WM_OK;
    }
    status = wm_outputs_lasting(rx->shared.outputs, &lasting);
    if (status != WM_OK)
        return status;
    if (wm_common_close_outputs(rx->shared.outputs) != WM_OK)
        wm_say("going on with the new outputs");
    wm_outputs_destroy(rx->shared.outputs);
    rx->shared.outputs = NULL;
    result = read_again(rx, &fresh, lasting);
    wm_outputs_destroy(lasting); /* what is not in it any more */
    rx->shared.outputs = fresh.shared.outputs;
    if (result == WM_EXIT_OK) {
        wm_outputs_patient(rx->shared.outputs, patient);
        rx->shared.filter = fresh.shared.filter;
        if (!fresh.shared.has_key) {
            old_keys = rx->shared.keys;
            rx->shared.keys = fresh.shared.keys;
            fresh.shared.keys = NULL;
        }
        status = wm_pipeline_change(pipeline, rx->shared.keys, rx->shared.outputs);
    }
    wm_keystore_destroy(fresh.shared.keys);
    wm_keystore_destroy(old_keys);
    if (result != WM_EXIT_OK || status != WM_OK)
        return status == WM_OK ? WM_IO : status;
    wm_say("the configuration has been read again%s", fresh.shared.has_key ? "; keys stay, as one was given by --key" : "");
    return WM_OK;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writes the seed corpora: seeds DIRECTORY makes DIRECTORY/deframe, ell, afl, tpl, open and keyfile, all from the project's own
 * builders. */
#include "fuzz.h"
#include "link/frame.h"
#include "security/seal.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const char *root;

static void save(const char *kind, unsigned number, struct wm_span bytes)
{
    char path[4096];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s/%04u", root, kind, number);
    file = fopen(path, "wb");
    FUZZ_CHECK(file && fwrite(bytes.data, 1, bytes.len, file) == bytes.len && fclose(file) == 0);
}

static const struct wm_key key = {.bytes = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}};
static const uint8_t records[] = {0x0C, 0x14, 0x27, 0x04, 0x85, 0x02, 0x04, 0x6D, 0x32, 0x37, 0x1F, 0x15, 0x02, 0xFD, 0x17, 0, 0};

static struct wm_seal_spec spec_of(unsigned mode, bool to_meter, bool afl)
{
    struct wm_address meter = {0x1593, 0x12345678, 0x33, 0x03}, gateway = {0x4824, 0x11223344, 0x03, 0x31};
    static uint8_t padding[600];

    memcpy(padding, records, sizeof records);
    return (struct wm_seal_spec){
        .c = to_meter ? 0x53 : 0x44,
        .sender = to_meter ? gateway : meter,
        .to_meter = to_meter,
        .has_ell = true,
        .ell = {.ci = to_meter ? 0x8E : 0x8C, .cc = 0x20, .acc = 7, .has_receiver = to_meter, .receiver = meter},
        .has_afl = afl,
        .authentication_type = mode == 2 || mode == 3 ? 0 : 5,
        .has_mcr = true,
        .tpl = {.ci = to_meter ? 0x5B : 0x7A, .header = to_meter ? WM_TPL_LONG : WM_TPL_SHORT, .address = meter, .acc = 9},
        .config = {.mode = (uint8_t)mode, .kdf = 1, .tag_bytes = 8, .has_counter = mode >= 7 && !afl, .protocol = 1},
        .counter = 0x0AB3,
        .apl = {padding, mode == 13 ? 5 : sizeof records},
        .clear = {records, mode % 2 ? 3 : 0},
        .experimental = true};
}

static unsigned number;

/* One message as telegrams: into the corpora of the opener, the deframer, and its layers into those of the layers. */
static void save_message(struct wm_sealer *sealer, const struct wm_seal_spec *spec)
{
    uint8_t sequence[65536], fragments[65536], one[WM_TELEGRAM_MAX], air[1 + WM_AIR_MAX];
    struct wm_writer all = wm_writer_of(sequence, sizeof sequence), afl = wm_writer_of(fragments, sizeof fragments);
    struct wm_key use = key;
    size_t ell = spec->ell.ci == 0x8E ? 11 : spec->ell.ci == 0x8D ? 9 : spec->ell.ci == 0x8F ? 17 : 3;

    use.des = spec->config.mode == 2 || spec->config.mode == 3;
    FUZZ_CHECK(wm_seal(sealer, spec, &use) == WM_OK);
    wm_writer_u8(&afl, 0);
    for (;; number++) {
        struct wm_writer out = wm_writer_of(one, sizeof one), framed = wm_writer_of(air + 1, WM_AIR_MAX);
        enum wm_status status = wm_seal_next(sealer, &out);
        struct wm_span telegram = wm_writer_span(&out);
        if (status == WM_END)
            break;
        FUZZ_CHECK(status == WM_OK);
        wm_writer_u8(&all, (uint8_t)out.len);
        wm_writer_bytes(&all, telegram);
        air[0] = number % 2;
        if (wm_frame_build(air[0] ? WM_FORMAT_A : WM_FORMAT_B, telegram, &framed) == WM_OK)
            save("deframe", number, (struct wm_span){air, framed.len + 1});
        save("ell", number, wm_span_sub(telegram, 10, SIZE_MAX));
        struct wm_span layer = wm_span_sub(telegram, 10 + ell, SIZE_MAX);
        if (spec->has_afl) {
            wm_writer_u8(&afl, spec->to_meter ? 16 : 0);
            wm_writer_u8(&afl, 1);
            wm_writer_u8(&afl, (uint8_t)layer.len);
            wm_writer_bytes(&afl, layer);
        } else {
            save("tpl", number, layer);
        }
    }
    save("open", number, wm_writer_span(&all));
    if (spec->has_afl)
        save("afl", number, wm_writer_span(&afl));
}

static void save_key_files(void)
{
    static const char *const files[] = {
        ("\0# comment\n12345678 = 000102030405060708090A0B0C0D0E0F\n"
         "KAM-12345678 000102030405060708090A0B0C0D0E0F id=1 version=2\n"),
        ("\0KAM.12345678.1B.16 = 000102030405060708090A0B0C0D0E0F\n"
         "*.*.*.07 = 0001020304050607\n* = 000102030405060708090A0B0C0D0E0F\n"),
        ("\1name=Water\ndriver=auto\nid=12345678.M=KAM.V=1b,*.T=07\nkey=000102030405060708090A0B0C0D0E0F\n"),
        ("\1name=Heat\nid=1234*,!12345678,ANYID,!*.M=2D2C,p12,123456782D2C1B16\nkey=000102030405060708090A0B0C0D0E0F\n"),
        ("\0KAM-12* = 000102030405060708090A0B0C0D0E0F id=15 version=255\nKAM.1*.*.07 = 0001020304050607\n"),
        ("\2id;key;m;version;type\n12345678;000102030405060708090A0B0C0D0E0F;KAM;1B;16\n"
         "\"12345679\";0001020304050607;;;\n"),
    };

    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        save("keyfile", (unsigned)i, (struct wm_span){(const uint8_t *)files[i], 1 + strlen(files[i] + 1)});
}

/* CI and application data. The profiles are those of EN 13757-3:2018, Annex F, the frames of Annex G. */
static void save_contents(void)
{
    static const char *const contents[] = {
        "780C1427048502046D32371F1502FD170000",
        "780202D20402152E16022A3423",
        "6908313B02020215022A",
        "79313B42A6D2042E163423",
        "79E7F1A3FCED2400E723002E5E00BF2C0D0000",
        "78868081006D0000A04111358490810003F04902008D908100831E0A34FEA0860100D0FB0100",
        "7884046D002041118B04150030128D04951F056901030211",
        "7884046D002341118B04151630128D049513056901110203",
        "7802FC034852257444000DFD0C0334474B42012DFF010F0102",
        "73785634120A00E97E0100000035010000",
        "7008",
        "6C0000200041110000",
        "7805010000C84142054B0000803F02FB1A64000293FC0105000D6D0521010203041F0102",
    };

    for (size_t i = 0; i < sizeof contents / sizeof contents[0]; i++) {
        uint8_t bytes[64];
        size_t len;
        FUZZ_CHECK(wm_hex_decode(contents[i], strlen(contents[i]), bytes, sizeof bytes, &len, NULL) == WM_OK);
        save("content", (unsigned)i, (struct wm_span){bytes, len});
    }
}

int main(int argc, char **argv)
{
    static const char *const kinds[] = {"deframe", "ell", "afl", "tpl", "open", "keyfile", "content"};
    static const unsigned modes[] = {0, 2, 3, 4, 5, 7, 8, 9, 10, 13};
    struct wm_sealer *sealer;
    char path[4096];

    if (argc != 2)
        return EXIT_FAILURE;
    root = argv[1];
    mkdir(root, 0777);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", root, kinds[i]);
        mkdir(path, 0777);
    }
    save_contents();
    FUZZ_CHECK(wm_sealer_create(&sealer) == WM_OK);
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        for (int direction = 0; direction < 2; direction++) {
            for (int afl = 0; afl < 2; afl++) {
                struct wm_seal_spec spec = spec_of(modes[i], direction, afl && modes[i] != 2 && modes[i] != 3);
                save_message(sealer, &spec);
                if (!spec.has_afl)
                    continue;
                spec.apl.len = 300;
                spec.clear.len = 0;
                spec.fragment_bytes = 90;
                save_message(sealer, &spec);
                spec.edition = WM_AFL_2012;
                spec.has_key_info = true;
                spec.key_info = 0x0110;
                spec.fragment_bytes = 0;
                spec.apl.len = 17;
                save_message(sealer, &spec);
            }
        }
    }
    for (int ci = 0x8D; ci <= 0x8F; ci += 2) {
        struct wm_seal_spec spec = spec_of(0, false, false);
        spec.ell =
            (struct wm_ell){.ci = (uint8_t)ci, .cc = 0x20, .has_session = true, .has_receiver = ci == 0x8F, .session = 1u << 29};
        spec.tpl = (struct wm_tpl){.ci = 0x78};
        save_message(sealer, &spec);
    }
    save_key_files();
    wm_sealer_destroy(sealer);
    return EXIT_SUCCESS;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bench_live pace FILE BYTES_PER_SECOND SECONDS: writes a file over and over to standard output as a radio would, each 10 ms what
 * is due. bench_live stamp: copies lines, each with the time it came in front (CLOCK_MONOTONIC, ns). */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int pace(const char *path, double rate, double seconds)
{
    FILE *file = fopen(path, "rb");
    const size_t step = (size_t)(rate / 100);
    unsigned char *buffer = malloc(step);
    struct timespec t;
    size_t len;

    if (!file || !buffer || clock_gettime(CLOCK_MONOTONIC, &t) != 0)
        return 1;
    for (double s = 0; s < seconds; s += (double)step / rate) {
        double whole_s;
        const double part_s = modf((double)t.tv_nsec * 1e-9 + s, &whole_s);
        const struct timespec due = {t.tv_sec + (time_t)whole_s, (long)(part_s * 1e9)};

        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
        len = fread(buffer, 1, step, file);
        if (len < step) {
            rewind(file);
            len += fread(buffer + len, 1, step - len, file);
        }
        if (fwrite(buffer, 1, len, stdout) != len || fflush(stdout) != 0)
            break;
    }
    fclose(file);
    free(buffer);
    return 0;
}

static int stamp(void)
{
    char *line = NULL;
    size_t cap = 0;
    struct timespec t;

    while (getline(&line, &cap, stdin) > 0) {
        clock_gettime(CLOCK_MONOTONIC, &t);
        printf("%lld %s", (long long)t.tv_sec * 1000000000 + t.tv_nsec, line);
    }
    free(line);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 5 && strcmp(argv[1], "pace") == 0)
        return pace(argv[2], strtod(argv[3], NULL), strtod(argv[4], NULL));
    if (argc == 2 && strcmp(argv[1], "stamp") == 0)
        return stamp();
    return 2;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/process/service.h"

#include "app/options/options.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

void wm_service_notify(const char *state)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    size_t len = path ? strlen(path) : 0;
    int fd;

    if (len < 2 || len >= sizeof to.sun_path)
        return;
    memcpy(to.sun_path, path, len);
    if (to.sun_path[0] == '@') /* an abstract address */
        to.sun_path[0] = '\0';
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    (void)!sendto(fd, state, strlen(state), MSG_NOSIGNAL | MSG_DONTWAIT, (const struct sockaddr *)&to,
                  (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
    close(fd);
}

int64_t wm_service_watchdog_ns(void)
{
    const char *us = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");

    if (!us || (pid && strtol(pid, NULL, 10) != (long)getpid()))
        return 0;
    return strtoll(us, NULL, 10) * 1000 / 2;
}

/* JOURNAL_STREAM names the device and inode of the journal's socket (systemd.exec(5)). */
static int to_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    struct stat about;
    char *end;
    unsigned long long device, inode;

    if (!stream || fstat(STDERR_FILENO, &about) != 0)
        return 0;
    device = strtoull(stream, &end, 10);
    inode = *end == ':' ? strtoull(end + 1, NULL, 10) : 0;
    return device == about.st_dev && inode == about.st_ino;
}

void wm_service_say(enum wm_log_level level, const char *text)
{
    static const int priorities[] = {
        [WM_LOG_ERROR] = 3, [WM_LOG_WARNING] = 4, [WM_LOG_NOTICE] = 5, [WM_LOG_INFO] = 6, [WM_LOG_DEBUG] = 7};

    if (to_journal())
        fprintf(stderr, "<%d>%s\n", priorities[level], text);
    else
        wm_say("%s", text);
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/screen/terminal.h"

#include "app/process/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#define LOG_BYTES 65536

/* Alternate screen, no wrapping at the right edge, no cursor, empty; and the way back. */
static const char enter_text[] = "\033[?1049h\033[?7l\033[?25l\033[H\033[2J";
static const char leave_text[] = "\033[0m\033[H\033[J\033[?25h\033[?7h\033[?1049l";

struct wm_terminal {
    int fd;
    int error_fd;  /* where standard error went, -1: it is not caught */
    int caught_fd; /* what it gets instead is read from here */
    bool entered, has_modes;
    struct termios modes; /* as they were */
    bool blank;           /* what is on the terminal is not known: all is to be written */
    struct wm_page shown;
    size_t log_len;
    char log[LOG_BYTES];
    char out[(WM_PAGE_ROWS + 1) * (WM_PAGE_COLS + 32)];
};

enum wm_status wm_terminal_create(int fd, struct wm_terminal **terminal)
{
    if (!isatty(fd))
        return WM_INVALID;
    *terminal = calloc(1, sizeof **terminal);
    if (!*terminal)
        return WM_NO_MEMORY;
    (*terminal)->fd = fd;
    (*terminal)->error_fd = (*terminal)->caught_fd = -1;
    return WM_OK;
}

static enum wm_status write_all(int fd, const char *text, size_t len)
{
    while (len) {
        const ssize_t n = write(fd, text, len);

        if (n < 0 && errno != EINTR)
            return WM_IO;
        if (n > 0) {
            text += n;
            len -= (size_t)n;
        }
    }
    return WM_OK;
}

/* Called in signal handlers, when the process is about to die: only what signal-safety(7) allows. */
static void rescue(void *user)
{
    struct wm_terminal *terminal = user;
    char text[512];
    ssize_t n;

    if (!terminal->entered)
        return;
    terminal->entered = false;
    (void)write_all(terminal->fd, leave_text, sizeof leave_text - 1);
    if (terminal->has_modes)
        (void)tcsetattr(terminal->fd, TCSADRAIN, &terminal->modes);
    if (terminal->error_fd < 0)
        return;
    (void)dup2(terminal->error_fd, STDERR_FILENO);
    while ((n = read(terminal->caught_fd, text, sizeof text)) > 0) /* the last words: it does not block */
        (void)write_all(STDERR_FILENO, text, (size_t)n);
}

/* Standard error into a pipe, where it would go to this terminal. The pipe does not block: a terminal that was halted (Ctrl-S) must
 * not halt those who have something to say. */
static void catch_errors(struct wm_terminal *terminal)
{
    struct stat ours, theirs;
    int ends[2];

    if (fstat(terminal->fd, &ours) != 0 || fstat(STDERR_FILENO, &theirs) != 0 || !S_ISCHR(theirs.st_mode) ||
        ours.st_rdev != theirs.st_rdev || pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
        return;
    terminal->error_fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    if (terminal->error_fd >= 0 && dup2(ends[1], STDERR_FILENO) < 0) {
        close(terminal->error_fd);
        terminal->error_fd = -1;
    }
    close(ends[1]);
    terminal->caught_fd = ends[0];
    if (terminal->error_fd < 0)
        close(ends[0]);
}

static enum wm_status take_over(struct wm_terminal *terminal)
{
    struct termios modes;

    terminal->blank = true;
    if (terminal->has_modes) {
        modes = terminal->modes;
        modes.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
        (void)tcsetattr(terminal->fd, TCSADRAIN, &modes);
    }
    return write_all(terminal->fd, enter_text, sizeof enter_text - 1);
}

enum wm_status wm_terminal_enter(struct wm_terminal *terminal)
{
    if (terminal->entered)
        return WM_OK;
    terminal->has_modes = tcgetattr(terminal->fd, &terminal->modes) == 0;
    catch_errors(terminal);
    terminal->entered = true;
    wm_signals_guard(rescue, terminal);
    return take_over(terminal);
}

static void give_back(struct wm_terminal *terminal)
{
    (void)write_all(terminal->fd, leave_text, sizeof leave_text - 1);
    if (terminal->has_modes) /* what was typed meanwhile was for nobody */
        (void)tcsetattr(terminal->fd, TCSAFLUSH, &terminal->modes);
}

void wm_terminal_leave(struct wm_terminal *terminal, const struct wm_page *last)
{
    if (!terminal->entered)
        return;
    give_back(terminal);
    terminal->entered = false;
    wm_signals_guard(NULL, NULL);
    for (unsigned i = 0; last && i < last->table; i++) {
        (void)write_all(terminal->fd, last->line[i], strlen(last->line[i]));
        (void)write_all(terminal->fd, "\n", 1);
    }
    if (terminal->error_fd < 0)
        return;
    (void)dup2(terminal->error_fd, STDERR_FILENO);
    close(terminal->error_fd);
    terminal->error_fd = -1;
    (void)wm_terminal_log(terminal, &(size_t){0});
    (void)write_all(STDERR_FILENO, terminal->log, terminal->log_len);
    close(terminal->caught_fd);
}

void wm_terminal_destroy(struct wm_terminal *terminal)
{
    if (!terminal)
        return;
    wm_terminal_leave(terminal, NULL);
    free(terminal);
}

void wm_terminal_heed_stop(struct wm_terminal *terminal)
{
    if (terminal->entered && wm_signals_stop_wanted()) {
        give_back(terminal);
        /* to this thread, so that it stands still here and not a little later */
        pthread_kill(pthread_self(), SIGSTOP);
    }
    if (terminal->entered && wm_signals_continued())
        (void)take_over(terminal); /* who stopped us may have left anything there; a failure shows at the next page */
}

/* What a log may do to a terminal is end a line. */
static void tame(char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        const unsigned char c = (unsigned char)text[i];

        if ((c < 0x20 && c != '\n') || c == 0x7F)
            text[i] = '.';
    }
}

const char *wm_terminal_log(struct wm_terminal *terminal, size_t *len)
{
    char *log = terminal->log;
    ssize_t n = 0;

    do {
        if (terminal->log_len > LOG_BYTES / 2) { /* the oldest lines go */
            const char *cut = memchr(log + LOG_BYTES / 4, '\n', terminal->log_len - LOG_BYTES / 4);

            cut = cut ? cut + 1 : log + LOG_BYTES / 4;
            terminal->log_len -= (size_t)(cut - log);
            memmove(log, cut, terminal->log_len);
        }
        n = terminal->caught_fd < 0 ? 0 : read(terminal->caught_fd, log + terminal->log_len, LOG_BYTES / 4);
        if (n > 0) {
            tame(log + terminal->log_len, (size_t)n);
            terminal->log_len += (size_t)n;
        }
    } while (n > 0);
    *len = terminal->log_len;
    return log;
}

void wm_terminal_size(const struct wm_terminal *terminal, unsigned *rows, unsigned *cols)
{
    struct winsize size;
    const bool known = ioctl(terminal->fd, TIOCGWINSZ, &size) == 0 && size.ws_row && size.ws_col;

    *rows = known ? size.ws_row : 24; /* a serial line does not say */
    *cols = known ? size.ws_col : 80;
}

enum wm_status wm_terminal_show(struct wm_terminal *terminal, const struct wm_page *page)
{
    const bool all = terminal->blank || page->rows != terminal->shown.rows || page->cols != terminal->shown.cols;
    char *out = terminal->out;

    if (!terminal->entered)
        return WM_OK;
    if (all)
        out += sprintf(out, "\033[2J");
    for (unsigned i = 0; i < page->rows; i++) {
        if (!all && strcmp(page->line[i], terminal->shown.line[i]) == 0)
            continue;
        out += sprintf(out, "\033[%u;1H%s%s%s", i + 1, i ? "" : "\033[7m", page->line[i], i ? "" : "\033[0m");
        if (strlen(page->line[i]) < page->cols)
            out = stpcpy(out, "\033[K");
    }
    memcpy(&terminal->shown, page, sizeof *page);
    terminal->blank = false;
    return write_all(terminal->fd, terminal->out, (size_t)(out - terminal->out));
}

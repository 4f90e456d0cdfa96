/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "screen.h"

#include <check.h>
#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

void screen_init(struct screen *screen, unsigned rows, unsigned cols)
{
    memset(screen, 0, sizeof *screen);
    memset(screen->cell, ' ', sizeof screen->cell);
    screen->rows = rows;
    screen->cols = cols;
    screen->cursor = screen->wrap = true;
}

static char (*cells(struct screen *screen))[SCREEN_COLS + 1]
{
    return screen->cell[screen->alternate];
}

static void line_feed(struct screen *screen)
{
    if (screen->row + 1 < screen->rows) {
        screen->row++;
        return;
    }
    memmove(cells(screen)[0], cells(screen)[1], (screen->rows - 1) * sizeof cells(screen)[0]);
    memset(cells(screen)[screen->rows - 1], ' ', SCREEN_COLS);
}

static void foreign(struct screen *screen, const char *what)
{
    screen->foreign++;
    snprintf(screen->last_foreign, sizeof screen->last_foreign, "%s", what);
}

static void private_mode(struct screen *screen, int number, bool set)
{
    switch (number) {
    case 7:
        screen->wrap = set;
        break;
    case 25:
        screen->cursor = set;
        break;
    case 1049:
        screen->alternate = set;
        screen->row = screen->col = 0;
        break;
    default:
        foreign(screen, screen->escape);
        break;
    }
}

/* CSI parameters final; ECMA-48 8.3: CUP, ED, EL, SGR, and private modes. */
static void control(struct screen *screen)
{
    const char final = screen->escape[screen->escape_len - 1];
    unsigned a = 0, b = 0;

    if (sscanf(screen->escape, "\033[?%u", &a) == 1 && (final == 'h' || final == 'l')) {
        private_mode(screen, (int)a, final == 'h');
        return;
    }
    sscanf(screen->escape, "\033[%u;%u", &a, &b);
    switch (final) {
    case 'H':
        screen->row = a ? a - 1 : 0;
        screen->col = b ? b - 1 : 0;
        break;
    case 'J':
        for (unsigned r = a == 2 ? 0 : screen->row; r < SCREEN_ROWS; r++)
            memset(cells(screen)[r] + (a != 2 && r == screen->row ? screen->col : 0), ' ',
                   SCREEN_COLS - (a != 2 && r == screen->row ? screen->col : 0));
        break;
    case 'K':
        if (screen->col < SCREEN_COLS)
            memset(cells(screen)[screen->row] + screen->col, ' ', SCREEN_COLS - screen->col);
        break;
    case 'm':
        break;
    default:
        foreign(screen, screen->escape);
        break;
    }
}

static void character(struct screen *screen, char c)
{
    if (screen->col >= screen->cols) {
        if (screen->wrap) {
            screen->col = 0;
            line_feed(screen);
        } else {
            screen->col = screen->cols - 1;
        }
    }
    if (screen->row < screen->rows)
        cells(screen)[screen->row][screen->col] = c;
    screen->col++;
}

void screen_write(struct screen *screen, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        const unsigned char c = (unsigned char)bytes[i];
        char text[16];

        if (screen->escape_len) {
            screen->escape[screen->escape_len++] = (char)c;
            if (screen->escape_len == 2 && c != '[') {
                foreign(screen, screen->escape);
                screen->escape_len = 0;
            } else if (screen->escape_len > 2 && c >= 0x40 && c <= 0x7E) {
                control(screen);
                screen->escape_len = 0;
            } else if (screen->escape_len == sizeof screen->escape - 1) {
                foreign(screen, screen->escape);
                screen->escape_len = 0;
            }
            if (!screen->escape_len)
                memset(screen->escape, 0, sizeof screen->escape);
        } else if (c == 0x1B) {
            screen->escape[screen->escape_len++] = (char)c;
        } else if (c == '\r') {
            screen->col = 0;
        } else if (c == '\n') {
            line_feed(screen);
        } else if (c >= 0x20 && c < 0x7F) {
            character(screen, (char)c);
        } else {
            snprintf(text, sizeof text, "byte %02X", c);
            foreign(screen, text);
        }
    }
}

const char *screen_line(const struct screen *screen, unsigned row)
{
    static char line[SCREEN_COLS + 1];
    size_t n = screen->cols;

    memcpy(line, screen->cell[screen->alternate][row], n);
    while (n && line[n - 1] == ' ')
        n--;
    line[n] = '\0';
    return line;
}

int screen_find(const struct screen *screen, const char *text)
{
    for (unsigned row = 0; row < screen->rows; row++) {
        if (strstr(screen_line(screen, row), text))
            return (int)row;
    }
    return -1;
}

void program_start(struct program *program, unsigned rows, unsigned cols, const char *kind, const char *dir, const char *command)
{
    const struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols};

    screen_init(&program->screen, rows, cols);
    program->pid = forkpty(&program->master, NULL, NULL, &size);
    ck_assert_int_ge(program->pid, 0);
    if (program->pid == 0) {
        setenv("TERM", kind, 1);
        if (chdir(dir) == 0)
            execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
}

/* What there is within so many ms; false: nothing, and the program has closed the terminal. */
static bool take(struct program *program, int wait_ms)
{
    struct pollfd ready = {.fd = program->master, .events = POLLIN};
    char bytes[8192];
    ssize_t n;

    if (poll(&ready, 1, wait_ms) <= 0)
        return true;
    n = read(program->master, bytes, sizeof bytes);
    if (n > 0)
        screen_write(&program->screen, bytes, (size_t)n);
    return n > 0 || (n < 0 && errno == EINTR);
}

static void dump(const struct screen *screen)
{
    for (unsigned row = 0; row < screen->rows; row++)
        fprintf(stderr, "%3u|%s\n", row, screen_line(screen, row));
}

static void until(struct program *program, const char *text, bool visible)
{
    const time_t end = time(NULL) + 60;

    while ((screen_find(&program->screen, text) >= 0) != visible) {
        const bool open = take(program, 200);

        if ((!open || time(NULL) > end) && (screen_find(&program->screen, text) >= 0) != visible) {
            dump(&program->screen);
            ck_abort_msg("'%s' is %svisible", text, visible ? "not " : "");
        }
    }
}

void program_shows(struct program *program, const char *text)
{
    until(program, text, true);
}

void program_shows_not(struct program *program, const char *text)
{
    until(program, text, false);
}

void program_resize(struct program *program, unsigned rows, unsigned cols)
{
    const struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols};

    program->screen.rows = rows;
    program->screen.cols = cols;
    ck_assert_int_eq(ioctl(program->master, TIOCSWINSZ, &size), 0);
}

void program_drain(struct program *program)
{
    for (struct pollfd ready = {.fd = program->master, .events = POLLIN}; poll(&ready, 1, 50) > 0;) {
        if (!take(program, 0))
            break;
    }
}

int program_wait(struct program *program)
{
    const time_t end = time(NULL) + 60;
    int status = 0;

    while (waitpid(program->pid, &status, WUNTRACED | WNOHANG) == 0) {
        take(program, 50);
        ck_assert_msg(time(NULL) <= end, "it does not end");
    }
    program_drain(program);
    if (!WIFSTOPPED(status))
        program->pid = 0;
    return status;
}

bool program_echoes(const struct program *program)
{
    struct termios modes;

    ck_assert_int_eq(tcgetattr(program->master, &modes), 0);
    return modes.c_lflag & ECHO;
}

void program_close(struct program *program)
{
    if (program->pid > 0) {
        kill(program->pid, SIGKILL);
        waitpid(program->pid, NULL, 0);
    }
    close(program->master);
}

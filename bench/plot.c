/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bench_plot [-x] TITLE XLABEL YLABEL <CSV >SVG: lines of "series,x,y" (a header line is skipped) as curves over a logarithmic y
 * axis; -x: a logarithmic x axis too. Series whose name begins with "ideal" are dashed. Zeros, which a logarithm has no place for,
 * end a curve at the bottom. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SERIES_MAX 64
#define POINTS_MAX 20000
#define LEFT       70
#define TOP        40
#define WIDTH      620
#define HEIGHT     420
#define LEGEND     16   /* a line of it */
#define BOTTOM     1e-4 /* of the y axis, at least */

struct point {
    int series;
    double x, y;
};

static char name[SERIES_MAX][80];
static struct point points[POINTS_MAX];
static int series_count, point_count;
static double x_low = INFINITY, x_high = -INFINITY, y_low = INFINITY, y_high = 1;
static bool log_x;

static int series_of(const char *text)
{
    for (int i = 0; i < series_count; i++)
        if (strcmp(name[i], text) == 0)
            return i;
    if (series_count == SERIES_MAX)
        return -1;
    snprintf(name[series_count], sizeof name[0], "%s", text);
    return series_count++;
}

static void read_points(void)
{
    char line[512], text[80];
    struct point p;

    while (fgets(line, sizeof line, stdin) && point_count < POINTS_MAX) {
        if (sscanf(line, "%79[^,],%lf,%lf", text, &p.x, &p.y) != 3 || (log_x && p.x <= 0) || (p.series = series_of(text)) < 0)
            continue;
        points[point_count++] = p;
        x_low = fmin(x_low, p.x);
        x_high = fmax(x_high, p.x);
        if (p.y > 0)
            y_low = fmin(y_low, p.y);
        y_high = fmax(y_high, p.y);
    }
    y_low = pow(10, floor(log10(fmax(isfinite(y_low) ? y_low : BOTTOM, BOTTOM))));
    y_high = pow(10, ceil(log10(y_high) - 1e-9));
    if (log_x) {
        x_low = pow(10, floor(log10(x_low)));
        x_high = pow(10, ceil(log10(x_high)));
    } else {
        x_low = floor(x_low);
        x_high = ceil(x_high);
    }
    x_high = x_high > x_low ? x_high : x_low + 1;
}

static double at_x(double x)
{
    return LEFT + WIDTH * (log_x ? log(x / x_low) / log(x_high / x_low) : (x - x_low) / (x_high - x_low));
}

static double at_y(double y)
{
    return TOP + HEIGHT * log(y_high / fmax(y, y_low)) / log(y_high / y_low);
}

static void text(double x, double y, const char *anchor, const char *what)
{
    printf("<text x='%.1f' y='%.1f' text-anchor='%s'>", x, y, anchor);
    for (; *what; what++)
        printf(*what == '<' ? "&lt;" : *what == '&' ? "&amp;" : "%c", *what);
    puts("</text>");
}

static void tick_x(double x)
{
    char label[32];

    printf("<path d='M%.1f %dv%d' stroke='#ddd'/>", at_x(x), TOP, HEIGHT);
    snprintf(label, sizeof label, "%g", x);
    text(at_x(x), TOP + HEIGHT + 18, "middle", label);
}

static void axes(const char *title, const char *x_label, const char *y_label)
{
    const double step = x_high - x_low > 32 ? 5 : x_high - x_low > 16 ? 2 : x_high - x_low > 4 ? 1 : 0.5;

    printf("<svg xmlns='http://www.w3.org/2000/svg' width='%d' height='%d' font-family='sans-serif' font-size='12'>\n"
           "<rect width='100%%' height='100%%' fill='white'/>\n",
           LEFT + WIDTH + 300, TOP + (LEGEND * series_count > HEIGHT ? LEGEND * series_count : HEIGHT) + 50);
    for (double x = x_low; x <= x_high * (1 + 1e-9); x = log_x ? x * 10 : x + step)
        tick_x(x);
    for (double y = y_low; y <= y_high * 1.001; y *= 10) {
        char label[32];
        snprintf(label, sizeof label, "%g", y);
        printf("<path d='M%d %.1fh%d' stroke='#bbb'/>", LEFT, at_y(y), WIDTH);
        text(LEFT - 6, at_y(y) + 4, "end", label);
        for (int i = 2; i < 10 && y * i < y_high; i++)
            printf("<path d='M%d %.1fh%d' stroke='#eee'/>\n", LEFT, at_y(y * i), WIDTH);
    }
    printf("<rect x='%d' y='%d' width='%d' height='%d' fill='none' stroke='black'/>\n", LEFT, TOP, WIDTH, HEIGHT);
    text(LEFT + WIDTH / 2.0, 22, "middle", title);
    text(LEFT + WIDTH / 2.0, TOP + HEIGHT + 38, "middle", x_label);
    printf("<g transform='translate(16,%d) rotate(-90)'>", TOP + HEIGHT / 2);
    text(0, 0, "middle", y_label);
    puts("</g>");
}

static void curve(int series)
{
    const int hue = series * 137 % 360;
    const bool dashed = strncmp(name[series], "ideal", 5) == 0;
    const double legend = TOP + 12 + LEGEND * series;
    int n = 0;

    printf("<g stroke='hsl(%d,75%%,38%%)' fill='none' stroke-width='1.6'%s><path d='", hue,
           dashed ? " stroke-dasharray='5 4'" : "");
    for (int i = 0; i < point_count; i++)
        if (points[i].series == series)
            printf("%c%.1f %.1f", n++ ? 'L' : 'M', at_x(points[i].x), at_y(points[i].y));
    printf("'/><path d='M%d %.1fh24'/></g>\n", LEFT + WIDTH + 12, legend - 4);
    for (int i = 0; i < point_count && !dashed && n <= 40; i++)
        if (points[i].series == series)
            printf("<circle cx='%.1f' cy='%.1f' r='2.5' fill='hsl(%d,75%%,38%%)'/>", at_x(points[i].x), at_y(points[i].y), hue);
    text(LEFT + WIDTH + 42, legend, "start", name[series]);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "-x") == 0) {
        log_x = true;
        argc--;
        argv++;
    }
    if (argc != 4)
        return 2;
    read_points();
    if (point_count == 0)
        return 1;
    axes(argv[1], argv[2], argv[3]);
    for (int i = 0; i < series_count; i++)
        curve(i);
    puts("</svg>");
    return EXIT_SUCCESS;
}

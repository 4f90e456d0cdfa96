/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/mqtt/topic.h"

#include "app/out/fields.h"

#include <string.h>

const char *wm_topic_fault(const char *template)
{
    if (!*template || strlen(template) > 1000)
        return "a topic has 1 to 1000 characters";
    if (strpbrk(template, "+#") || *template == '$')
        return "a topic to publish on has no + or #, and does not begin with $";
    for (const char *s = template; *s; s++) {
        if (*s == '{') {
            size_t len = strcspn(s + 1, "}");

            if (s[1 + len] != '}' || len == 0 || strspn(s + 1, "abcdefghijklmnopqrstuvwxyz_") != len)
                return "a { begins the name of a field, as {id}, {manufacturer}, {type_name} or {mode}";
            s += len + 1;
        }
    }
    return NULL;
}

struct search {
    struct wm_sink *sink;
    const char *name;
    size_t len;
    bool found;
};

static void fill_in(void *user, const struct wm_field *field)
{
    struct search *search = user;

    if (search->found || field->record || strlen(field->name) != search->len || memcmp(field->name, search->name, search->len) != 0)
        return;
    search->found = true;
    for (const char *c = field->text; *c; c++)
        wm_sink_char(search->sink, strchr("/+#", *c) || (unsigned char)*c < ' ' ? '_' : *c);
}

void wm_topic_write(struct wm_sink *sink, const char *template, const struct wm_reading *reading)
{
    for (const char *s = template; *s; s++) {
        struct search search = {sink, s + 1, strcspn(s + 1, "}"), false};

        if (*s != '{') {
            wm_sink_char(sink, *s);
            continue;
        }
        wm_fields_walk(reading, false, fill_in, &search);
        if (!search.found)
            wm_sink_text(sink, "unknown");
        s += search.len + 1;
    }
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the samples of a period come to. Of each container the averages of what the samples had, and its latest state; of a
 * node what it said last. */
#include "summary.h"

#include <string.h>

#include "json-path.h"
#include "json-text.h"
#include "limits.h"

typedef struct Average {
        double sum;
        unsigned n;
} Average;

typedef struct Contained {
        char *name;
        unsigned points; /* in which it ran */
        Average cpu, memory;
        json_object *last; /* its object in the newest sample that had it */
} Contained;

struct Summary {
        unsigned points;
        Average cpu, memory, load;
        GPtrArray *containers; /* of Contained, in the order in which they came */
};

static void contained_free(void *p) {
        Contained *c = p;

        json_object_put(c->last);
        g_free(c->name);
        g_free(c);
}

static GPtrArray *containers_new(void) {
        return g_ptr_array_new_with_free_func(contained_free);
}

Summary *summary_new(void) {
        Summary *s = g_new0(Summary, 1);

        s->containers = containers_new();
        return s;
}

Summary *summary_free(Summary *s) {
        if (!s)
                return NULL;
        g_ptr_array_unref(s->containers);
        g_free(s);
        return NULL;
}

static void average_add(Average *a, json_object *value) {
        if (!json_object_is_type(value, json_type_double) && !json_object_is_type(value, json_type_int))
                return;
        a->sum += json_object_get_double(value);
        a->n++;
}

static Contained *find(Summary *s, const char *name) {
        Contained *c;

        for (unsigned i = 0; i < s->containers->len; i++) {
                c = g_ptr_array_index(s->containers, i);
                if (g_str_equal(c->name, name))
                        return c;
        }
        if (s->containers->len == SAMPLED_CONTAINERS_MAX)
                return NULL;
        c = g_new0(Contained, 1);
        c->name = g_strdup(name);
        g_ptr_array_add(s->containers, c);
        return c;
}

static void add_container(Summary *s, json_object *container) {
        const char *name = json_string_at(container, "name");
        Contained *c = name ? find(s, name) : NULL;

        if (!c)
                return;
        json_object_put(c->last);
        c->last = json_object_get(container);
        c->points += g_strcmp0(json_string_at(container, "state"), "running") == 0;
        average_add(&c->cpu, json_at(container, "cpu_percent"));
        average_add(&c->memory, json_at(container, "memory_used"));
}

void summary_add(Summary *s, json_object *data) {
        json_object *load = json_at(data, "system.load"), *containers = json_at(data, "containers");

        s->points++;
        average_add(&s->cpu, json_at(data, "system.cpu_percent"));
        average_add(&s->memory, json_at(data, "system.memory_used_percent"));
        if (json_object_is_type(load, json_type_array))
                average_add(&s->load, json_object_array_get_idx(load, 0));
        if (json_object_is_type(containers, json_type_array))
                for (size_t i = 0; i < json_object_array_length(containers); i++)
                        add_container(s, json_object_array_get_idx(containers, i));
}

static void put_average(json_object *o, const char *key, const Average *a, unsigned digits) {
        if (a->n > 0)
                json_add_decimal(o, key, a->sum / a->n, digits);
}

static void copy(json_object *to, json_object *from, const char *key) {
        json_object *value;

        if (json_object_object_get_ex(from, key, &value))
                (void) json_object_object_add(to, key, json_object_get(value));
}

static json_object *container_to_json(const Contained *c) {
        json_object *o = json_object_new_object();

        json_add_string(o, "name", c->name);
        copy(o, c->last, "image");
        copy(o, c->last, "state");
        copy(o, c->last, "health");
        copy(o, c->last, "restarts");
        json_add_uint(o, "running_points", c->points);
        put_average(o, "average_cpu_percent", &c->cpu, 1);
        put_average(o, "average_memory_used", &c->memory, 0);
        copy(o, c->last, "node");
        return o;
}

json_object *summary_take(Summary *s, uint64_t period) {
        json_object *o = json_object_new_object(), *list = json_object_new_array();

        json_add_uint(o, "period_seconds", period);
        json_add_uint(o, "data_points", s->points);
        put_average(o, "average_cpu_percent", &s->cpu, 1);
        put_average(o, "average_memory_percent", &s->memory, 1);
        put_average(o, "average_load", &s->load, 2);
        for (unsigned i = 0; i < s->containers->len; i++)
                (void) json_object_array_add(list, container_to_json(g_ptr_array_index(s->containers, i)));
        (void) json_object_object_add(o, "containers", list);
        g_ptr_array_unref(s->containers);
        *s = (Summary){ .containers = containers_new() };
        return o;
}

char *summary_message(const char *id, int64_t sequence, json_object *members, int64_t now_ms) {
        GString *out = g_string_new("{\"type\":\"summary\",\"serverId\":");

        json_append_string(out, id, strlen(id));
        g_string_append(out, ",\"timestamp\":");
        json_append_int(out, now_ms);
        g_string_append(out, ",\"sequence\":");
        json_append_int(out, sequence);
        json_object_object_foreach (members, name, value) {
                g_string_append_printf(out, ",\"%s\":", name);
                json_append_object(out, value);
        }
        g_string_append_c(out, '}');
        return g_string_free(out, false);
}

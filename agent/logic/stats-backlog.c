/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Stats messages until the server has acknowledged them. */
#include "stats-backlog.h"

#include <stdbool.h>
#include <string.h>

typedef struct Sample {
        int64_t sequence;
        char *text;
        size_t size;
        bool acked; /* kept as the newest */
} Sample;

struct StatsBacklog {
        GQueue samples; /* of Sample, oldest first */
        GList *next;    /* the first not handed out; NULL: none */
        unsigned max;
        size_t bytes, max_bytes;
        uint64_t dropped;
};

static void sample_free(void *p) {
        Sample *s = p;

        g_free(s->text);
        g_free(s);
}

StatsBacklog *stats_backlog_new(unsigned max, size_t max_bytes) {
        StatsBacklog *b = g_new0(StatsBacklog, 1);

        g_queue_init(&b->samples);
        b->max = max;
        b->max_bytes = max_bytes;
        return b;
}

StatsBacklog *stats_backlog_free(StatsBacklog *b) {
        if (!b)
                return NULL;
        g_queue_clear_full(&b->samples, sample_free);
        g_free(b);
        return NULL;
}

static void remove_oldest(StatsBacklog *b) {
        Sample *s;

        if (b->next == b->samples.head)
                b->next = b->samples.head->next;
        s = g_queue_pop_head(&b->samples);
        b->bytes -= s->size;
        sample_free(s);
}

void stats_backlog_put(StatsBacklog *b, int64_t sequence, char *text) {
        Sample *s = g_new(Sample, 1), *before = g_queue_peek_head(&b->samples);

        if (before && before->acked)
                remove_oldest(b);
        *s = (Sample){ .sequence = sequence, .text = text, .size = strlen(text) };
        g_queue_push_tail(&b->samples, s);
        b->bytes += s->size;
        if (!b->next)
                b->next = b->samples.tail;
        while (b->samples.length > b->max || b->bytes > b->max_bytes) {
                remove_oldest(b);
                b->dropped++;
        }
}

const char *stats_backlog_next(StatsBacklog *b) {
        Sample *s;

        if (!b->next)
                return NULL;
        s = b->next->data;
        b->next = b->next->next;
        return s->text;
}

void stats_backlog_rewind(StatsBacklog *b) {
        b->next = b->samples.head;
}

void stats_backlog_acked(StatsBacklog *b, int64_t sequence) {
        while (b->samples.head != b->next) {
                Sample *s = b->samples.head->data;

                if (s->sequence > sequence)
                        break;
                if (b->samples.length == 1) {
                        s->acked = true;
                        break;
                }
                remove_oldest(b);
        }
}

int64_t stats_backlog_oldest(const StatsBacklog *b) {
        const GList *head = b->samples.head;
        const Sample *s = head && head != b->next ? head->data : NULL;

        return s && !s->acked ? s->sequence : 0;
}

uint64_t stats_backlog_take_dropped(StatsBacklog *b) {
        uint64_t dropped = b->dropped;

        b->dropped = 0;
        return dropped;
}

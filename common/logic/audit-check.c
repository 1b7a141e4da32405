/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether an audit trail is whole. Numbers that are passed over leave a gap, which an entry further on may still
 * fill; the hash at either edge of a gap waits for it. */
#include "audit-check.h"

#include <string.h>

#include "limits.h"
#include "names.h"
#include "text.h"

typedef struct Place {
        uint64_t usec;
        char *cursor;
} Place;

/* Numbers that have not come. */
typedef struct Gap {
        uint64_t from, to;
        char before[AUDIT_HASH_LENGTH + 1]; /* MSERVER_CHAIN= of from - 1 */
        GBytes *after;                      /* what is hashed of to + 1; NULL: not to be checked */
        char after_hash[AUDIT_HASH_LENGTH + 1];
        Place place; /* where to + 1 is */
} Gap;

typedef struct Chain {
        AuditSpan span; /* first */
        GArray *gaps;   /* of Gap, ascending */
        bool at_head;
} Chain;

struct AuditCheck {
        AuditHead head;
        bool has_head, finished;
        GHashTable *by_instance;
        GPtrArray *chains, *problems;
        AuditProblem broken; /* no strings; from is 0: none */
        uint64_t more, unnumbered;
        GString *canonical;
};

/* What a numbered entry says. */
typedef struct Claim {
        const AuditSeen *seen;
        uint64_t seq;
        char hash[AUDIT_HASH_LENGTH + 1], instance[AUDIT_INSTANCE_LENGTH + 1];
} Claim;

static void problem_free(void *p) {
        AuditProblem *problem = p;

        g_free(problem->cursor);
        g_free(problem->instance);
        g_free(problem->what);
        g_free(problem);
}

static void gap_clear(void *p) {
        Gap *g = p;

        g_clear_pointer(&g->after, g_bytes_unref);
        g_clear_pointer(&g->place.cursor, g_free);
}

static void chain_free(void *p) {
        Chain *chain = p;

        g_array_unref(chain->gaps);
        g_free(chain);
}

AuditCheck *audit_check_new(const AuditHead *head) {
        AuditCheck *c = g_new0(AuditCheck, 1);

        if (head)
                c->head = *head;
        c->has_head = head != NULL;
        c->by_instance = g_hash_table_new(g_str_hash, g_str_equal);
        c->chains = g_ptr_array_new_with_free_func(chain_free);
        c->problems = g_ptr_array_new_with_free_func(problem_free);
        c->canonical = g_string_new(NULL);
        return c;
}

AuditCheck *audit_check_free(AuditCheck *c) {
        if (!c)
                return NULL;
        g_hash_table_unref(c->by_instance);
        g_ptr_array_unref(c->chains);
        g_ptr_array_unref(c->problems);
        g_string_free(c->canonical, true);
        g_free(c);
        return NULL;
}

/* Nobody else's entry breaks a chain, and what the server once said itself is no news. What lies in front of the head was
 * there to be found when that was noted. */
static void look_whether_broken(AuditCheck *c, const AuditProblem *p) {
        if (!c->has_head || p->finding == AUDIT_FORGED || p->finding == AUDIT_BROKEN ||
            p->to < c->head.seq || strcmp(p->instance, c->head.instance) != 0)
                return;
        if (c->broken.from == 0 || p->from < c->broken.from)
                c->broken = (AuditProblem){ p->finding, p->from, p->to, p->usec };
}

static void found(AuditCheck *c, AuditFinding finding, uint64_t from, uint64_t to, const Place *place,
                  const char *instance, const char *what) {
        AuditProblem p = { finding, from, to, place ? place->usec : 0, NULL, (char *) instance };

        look_whether_broken(c, &p);
        if (c->problems->len >= AUDIT_PROBLEMS_MAX) {
                c->more++;
                return;
        }
        p.cursor = g_strdup(place ? place->cursor : NULL);
        p.instance = g_strdup(instance);
        p.what = g_strdup(what);
        g_ptr_array_add(c->problems, g_memdup2(&p, sizeof(p)));
}

static void found_at(AuditCheck *c, AuditFinding finding, uint64_t to, const Claim *claim,
                     const char *what) {
        const Place place = { claim->seen->usec, (char *) claim->seen->cursor };

        found(c, finding, claim->seq, to, &place, claim->instance, what);
}

static char *value_of(const AuditSeen *e, const char *name, size_t max) {
        size_t size;
        const char *value = audit_field_value(e->fields, e->n_fields, name, &size);
        g_autofree char *text = value ? g_strndup(value, MIN(size, max + 1)) : NULL;

        return text ? text_shown(text, max) : NULL;
}

static void forged(AuditCheck *c, const AuditSeen *e) {
        const Place place = { e->usec, (char *) e->cursor };
        g_autofree char *message = value_of(e, "MESSAGE=", AUDIT_SHOWN_MAX),
                        *seq = value_of(e, "MSERVER_SEQ=", 20);
        g_autofree char *what = g_strconcat(e->who ?: "", e->who ? ": " : "", message ?: "", NULL);
        uint64_t n = 0;

        if (seq)
                (void) text_to_uint(seq, 1, INT64_MAX, &n);
        found(c, AUDIT_FORGED, n, n, &place, NULL, what);
}

static bool copy_exactly(const AuditSeen *e, const char *name, size_t length, char *ret) {
        size_t size;
        const char *value = audit_field_value(e->fields, e->n_fields, name, &size);

        if (!value || size != length || memchr(value, '\0', size))
                return false;
        memcpy(ret, value, length);
        ret[length] = '\0';
        return true;
}

/* False: it has no number, or none that the server could have written. */
static bool read_claim(const AuditSeen *e, Claim *ret) {
        g_autofree char *seq = value_of(e, "MSERVER_SEQ=", 20);

        *ret = (Claim){ .seen = e };
        return seq && text_to_uint(seq, 1, INT64_MAX - 1, &ret->seq) &&
               copy_exactly(e, "MSERVER_CHAIN=", AUDIT_HASH_LENGTH, ret->hash) &&
               audit_hash_is_valid(ret->hash, AUDIT_HASH_LENGTH) &&
               copy_exactly(e, "MSERVER_INSTANCE=", AUDIT_INSTANCE_LENGTH, ret->instance);
}

static bool fits(const AuditCheck *c, const Claim *claim, const char *previous) {
        char hash[AUDIT_HASH_LENGTH + 1];

        audit_hash(previous, c->canonical->str, c->canonical->len, hash);
        return strcmp(hash, claim->hash) == 0;
}

/* The server's own mark: it says what it goes on from. */
static bool is_mark(const Claim *claim, char ret_previous[AUDIT_HASH_LENGTH + 1]) {
        g_autofree char *event = value_of(claim->seen, "MSERVER_EVENT=", COMMAND_NAME_MAX);

        return g_strcmp0(event, AUDIT_BROKEN_EVENT) == 0 &&
               copy_exactly(claim->seen, "MSERVER_PREVIOUS=", AUDIT_HASH_LENGTH, ret_previous);
}

/* previous: NULL where it is not known. */
static void judge(AuditCheck *c, const Claim *claim, const char *previous) {
        char marked[AUDIT_HASH_LENGTH + 1];
        bool mark = is_mark(claim, marked);
        g_autofree char *reason = NULL;

        if (mark && fits(c, claim, marked)) {
                reason = value_of(claim->seen, "MSERVER_REASON=", AUDIT_SHOWN_MAX);
                found_at(c, AUDIT_BROKEN, claim->seq, claim, reason);
        } else if (mark || (previous && !fits(c, claim, previous)))
                found_at(c, AUDIT_CHANGED, claim->seq, claim, NULL);
}

static Gap *gap_of(Chain *chain, uint64_t seq, unsigned *ret_index) {
        for (unsigned i = 0; i < chain->gaps->len; i++) {
                Gap *g = &g_array_index(chain->gaps, Gap, i);

                if (g->from <= seq && seq <= g->to) {
                        *ret_index = i;
                        return g;
                }
        }
        return NULL;
}

static GBytes *body(const AuditCheck *c) {
        return g_bytes_new(c->canonical->str, c->canonical->len);
}

static void leave_gap(AuditCheck *c, Chain *chain, const Claim *claim) {
        Gap g = { .from = chain->span.last.seq + 1, .to = claim->seq - 1 };
        char marked[AUDIT_HASH_LENGTH + 1];

        if (chain->gaps->len >= AUDIT_GAPS_MAX) {
                const Place place = { claim->seen->usec, (char *) claim->seen->cursor };

                found(c, AUDIT_MISSING, g.from, g.to, &place, claim->instance, NULL);
                return;
        }
        memcpy(g.before, chain->span.last.hash, sizeof(g.before));
        memcpy(g.after_hash, claim->hash, sizeof(g.after_hash));
        g.after = is_mark(claim, marked) ? NULL
                                         : body(c); /* a mark has been judged by what it says itself */
        g.place = (Place){ claim->seen->usec, g_strdup(claim->seen->cursor) };
        g_array_append_val(chain->gaps, g);
}

/* Its number belongs in this gap. */
static void fill_gap(AuditCheck *c, Chain *chain, Gap *g, unsigned index, const Claim *claim) {
        found_at(c, AUDIT_MOVED, chain->span.last.seq, claim, NULL);
        judge(c, claim, claim->seq == g->from ? g->before : NULL);
        if (claim->seq == g->to && g->after) {
                char hash[AUDIT_HASH_LENGTH + 1];
                gsize size;
                const char *after = g_bytes_get_data(g->after, &size);

                audit_hash(claim->hash, after, size, hash);
                if (strcmp(hash, g->after_hash) != 0)
                        found(c, AUDIT_CHANGED, g->to + 1, g->to + 1, &g->place, claim->instance, NULL);
        }
        if (g->from < claim->seq && claim->seq < g->to) {
                Gap right = { .from = claim->seq + 1, .to = g->to, .after = g->after, .place = g->place };

                memcpy(right.before, claim->hash, sizeof(right.before));
                memcpy(right.after_hash, g->after_hash, sizeof(right.after_hash));
                g->after = NULL;
                g->place = (Place){};
                g_array_insert_val(chain->gaps, index + 1, right);
                g = &g_array_index(chain->gaps, Gap, index);
        }
        if (g->from == claim->seq && claim->seq == g->to)
                g_array_remove_index(chain->gaps, index);
        else if (g->from == claim->seq) {
                g->from++;
                memcpy(g->before, claim->hash, sizeof(g->before));
        } else {
                gap_clear(g);
                g->to = claim->seq - 1;
                g->after = body(c);
                memcpy(g->after_hash, claim->hash, sizeof(g->after_hash));
                g->place = (Place){ claim->seen->usec, g_strdup(claim->seen->cursor) };
        }
}

static void go_on(Chain *chain, const Claim *claim) {
        chain->span.last.seq = claim->seq;
        memcpy(chain->span.last.hash, claim->hash, sizeof(chain->span.last.hash));
        chain->span.last.usec = claim->seen->usec;
}

static Chain *begin(AuditCheck *c, const Claim *claim) {
        Chain *chain;

        if (c->chains->len >= AUDIT_INSTANCES_MAX)
                return NULL;
        chain = g_new0(Chain, 1);
        chain->gaps = g_array_new(false, false, sizeof(Gap));
        g_array_set_clear_func(chain->gaps, gap_clear);
        memcpy(chain->span.last.instance, claim->instance, sizeof(chain->span.last.instance));
        chain->span.first = claim->seq;
        chain->span.first_usec = claim->seen->usec;
        g_ptr_array_add(c->chains, chain);
        g_hash_table_insert(c->by_instance, chain->span.last.instance, chain);
        return chain;
}

static void look_at_head(AuditCheck *c, Chain *chain, const Claim *claim) {
        if (!c->has_head || claim->seq != c->head.seq || strcmp(claim->instance, c->head.instance) != 0)
                return;
        chain->at_head = true;
        if (strcmp(claim->hash, c->head.hash) != 0)
                found_at(c, AUDIT_CHANGED, claim->seq, claim, NULL);
}

static void take(AuditCheck *c, Chain *chain, const Claim *claim) {
        uint64_t last = chain->span.last.seq;
        unsigned index;
        Gap *gap;

        if (last == 0) {
                judge(c, claim, claim->seq == 1 ? audit_genesis : NULL);
                go_on(chain, claim);
        } else if (claim->seq > last) {
                judge(c, claim, claim->seq == last + 1 ? chain->span.last.hash : NULL);
                if (claim->seq > last + 1)
                        leave_gap(c, chain, claim);
                go_on(chain, claim);
        } else if ((gap = gap_of(chain, claim->seq, &index)))
                fill_gap(c, chain, gap, index, claim);
        else {
                found_at(c, claim->seq < chain->span.first ? AUDIT_MOVED : AUDIT_REPEATED, last, claim,
                         NULL);
                return;
        }
        chain->span.count++;
        look_at_head(c, chain, claim);
}

/* Where journald does not know the unit, only what fits is the server's. */
static bool may_be_ours(const AuditCheck *c, const Chain *chain, const Claim *claim) {
        char marked[AUDIT_HASH_LENGTH + 1];

        if (claim->seen->author == AUDIT_AUTHOR_SERVER)
                return true;
        if (is_mark(claim, marked))
                return fits(c, claim, marked);
        if (!chain)
                return claim->seq == 1 && fits(c, claim, audit_genesis);
        return claim->seq == chain->span.last.seq + 1 && fits(c, claim, chain->span.last.hash);
}

static bool is_audit(const AuditSeen *e) {
        size_t size;

        return audit_field_value(e->fields, e->n_fields, "MSERVER_EVENT=", &size) != NULL;
}

void audit_check_entry(AuditCheck *c, const AuditSeen *e) {
        Chain *chain;
        Claim claim;

        if (!is_audit(e))
                return;
        if (e->author == AUDIT_AUTHOR_OTHER) {
                forged(c, e);
                return;
        }
        if (!read_claim(e, &claim)) {
                if (c->chains->len > 0 || e->author != AUDIT_AUTHOR_SERVER)
                        forged(c, e);
                else
                        c->unnumbered++;
                return;
        }
        g_string_truncate(c->canonical, 0);
        audit_append_canonical(c->canonical, e->fields, e->n_fields);
        chain = g_hash_table_lookup(c->by_instance, claim.instance);
        if (!may_be_ours(c, chain, &claim)) {
                forged(c, e);
                return;
        }
        if (!chain)
                chain = begin(c, &claim);
        if (chain)
                take(c, chain, &claim);
        else
                c->more++;
}

static const Chain *chain_of_head(const AuditCheck *c) {
        return c->has_head ? g_hash_table_lookup(c->by_instance, c->head.instance) : NULL;
}

bool audit_check_at_head(const AuditCheck *c) {
        const Chain *chain = chain_of_head(c);

        return chain && chain->at_head;
}

/* What shows at the end (0) comes last. */
static int by_number(gconstpointer a, gconstpointer b) {
        const AuditProblem *x = *(AuditProblem *const *) a, *y = *(AuditProblem *const *) b;

        return x->from != y->from ? (x->from > y->from) - (x->from < y->from)
                                  : (x->usec - 1 > y->usec - 1) - (x->usec - 1 < y->usec - 1);
}

static void finish_chain(AuditCheck *c, const Chain *chain) {
        for (unsigned i = 0; i < chain->gaps->len; i++) {
                const Gap *g = &g_array_index(chain->gaps, Gap, i);

                found(c, AUDIT_MISSING, g->from, g->to, &g->place, chain->span.last.instance, NULL);
        }
}

const GPtrArray *audit_check_finish(AuditCheck *c, uint64_t oldest_usec, uint64_t *ret_more) {
        const Chain *chain = chain_of_head(c);
        uint64_t last = chain ? chain->span.last.seq : 0;
        bool deleted = !chain && oldest_usec > c->head.usec;

        if (!c->finished) {
                for (unsigned i = 0; i < c->chains->len; i++)
                        finish_chain(c, g_ptr_array_index(c->chains, i));
                if (c->has_head && c->head.seq > last && !deleted)
                        found(c, AUDIT_MISSING, last + 1, c->head.seq, NULL, c->head.instance, NULL);
                g_ptr_array_sort(c->problems, by_number);
                c->finished = true;
        }
        *ret_more = c->more;
        return c->problems;
}

const AuditProblem *audit_check_broken(const AuditCheck *c) {
        return c->broken.from > 0 ? &c->broken : NULL;
}

const GPtrArray *audit_check_spans(const AuditCheck *c) {
        return c->chains; /* a Chain begins with its AuditSpan */
}

uint64_t audit_check_unnumbered(const AuditCheck *c) {
        return c->unnumbered;
}

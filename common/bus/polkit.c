/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* May this caller do that? The one place that speaks polkit. */
#include "polkit.h"

#include <string.h>

#include "error.h"
#include "limits.h"
#include "uid-count.h"

#define AUTHORITY_NAME "org.freedesktop.PolicyKit1"
#define AUTHORITY_PATH "/org/freedesktop/PolicyKit1/Authority"
#define AUTHORITY_IFACE "org.freedesktop.PolicyKit1.Authority"

/* CheckAuthorizationFlags */
#define ALLOW_USER_INTERACTION 1u

struct Polkit {
        sd_bus *bus;
        const char *const *actions;
        uint64_t checks; /* ever */
        unsigned asked;  /* questions that are at polkit */
        UidCount *asked_of_uid;
        GQueue waiting; /* PolkitCheck: those that are not yet */
};

struct PolkitCheck {
        Polkit *polkit;
        uint32_t uid;
        char *cancellation_id;
        sd_bus_message *question;
        sd_bus_slot *slot; /* while it is at polkit */
        GList link;        /* while it is waiting */
        PolkitCheck **owner;
        PolkitDone done;
        void *userdata;
};

Polkit *polkit_new(sd_bus *bus, const char *const *actions) {
        Polkit *p = g_new0(Polkit, 1);

        p->bus = sd_bus_ref(bus);
        p->actions = actions;
        p->asked_of_uid = uid_count_new();
        g_queue_init(&p->waiting);
        return p;
}

Polkit *polkit_free(Polkit *p) {
        if (!p)
                return NULL;
        g_assert(p->asked == 0 && g_queue_is_empty(&p->waiting));
        g_hash_table_unref(p->asked_of_uid);
        sd_bus_unref(p->bus);
        g_free(p);
        return NULL;
}

static void check_free(PolkitCheck *c) {
        *c->owner = NULL;
        if (c->slot) {
                c->polkit->asked--;
                uid_count_change(c->polkit->asked_of_uid, c->uid, -1);
                sd_bus_slot_unref(c->slot);
        } else if (c->link.data)
                g_queue_unlink(&c->polkit->waiting, &c->link);
        sd_bus_message_unref(c->question);
        g_free(c->cancellation_id);
        g_free(c);
}

static void ask_waiting(Polkit *p);

static void cancel_at_polkit(PolkitCheck *c) {
        (void) sd_bus_call_method_async(c->polkit->bus, NULL, AUTHORITY_NAME, AUTHORITY_PATH,
                                        AUTHORITY_IFACE, "CancelCheckAuthorization", NULL, NULL, "s",
                                        c->cancellation_id);
}

void polkit_cancel(PolkitCheck **check) {
        PolkitCheck *c = *check;

        Polkit *p;

        if (!c)
                return;
        p = c->polkit;
        if (c->slot)
                cancel_at_polkit(c);
        check_free(c);
        ask_waiting(p);
}

static PolkitAnswer read_failure(PolkitCheck *c, const sd_bus_error *e, char **ret_reason) {
        if (sd_bus_error_has_names(e, SD_BUS_ERROR_SERVICE_UNKNOWN, SD_BUS_ERROR_NAME_HAS_NO_OWNER))
                *ret_reason = g_strdup("polkit is not running, so only root is let through");
        else if (sd_bus_error_has_names(e, SD_BUS_ERROR_NO_REPLY, SD_BUS_ERROR_TIMEOUT)) {
                cancel_at_polkit(c);
                *ret_reason = g_strdup_printf("polkit gave no answer in %u s",
                                              (unsigned) (POLKIT_TIMEOUT_USEC / 1000000));
        } else
                *ret_reason = g_strdup_printf("polkit failed: %s", e->message ?: e->name);
        return POLKIT_NO;
}

static PolkitAnswer read_answer(sd_bus_message *m, char **ret_reason) {
        const char *key, *value;
        int r, yes = 0, challenge = 0;
        bool dismissed = false;

        r = sd_bus_message_enter_container(m, 'r', "bba{ss}");
        if (r >= 0)
                r = sd_bus_message_read(m, "bb", &yes, &challenge);
        if (r >= 0)
                r = sd_bus_message_enter_container(m, 'a', "{ss}");
        while (r >= 0 && (r = sd_bus_message_read(m, "{ss}", &key, &value)) > 0)
                if (strcmp(key, "polkit.dismissed") == 0)
                        dismissed = true;
        if (r < 0) {
                *ret_reason = g_strdup_printf("polkit's answer is unreadable: %s", g_strerror(-r));
                return POLKIT_NO;
        }
        if (yes) {
                *ret_reason = g_strdup("");
                return POLKIT_YES;
        }
        *ret_reason = g_strdup(dismissed   ? "the authentication dialog was dismissed"
                               : challenge ? "polkit demands authentication"
                                           : "polkit said no");
        return challenge && !dismissed ? POLKIT_CHALLENGE : POLKIT_NO;
}

static void finish(PolkitCheck *c, PolkitAnswer answer, const char *reason) {
        PolkitDone done = c->done;
        void *userdata = c->userdata;

        check_free(c);
        done(answer, reason, userdata);
}

static int on_answer(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        PolkitCheck *c = userdata;
        const sd_bus_error *failed = sd_bus_message_get_error(m);
        g_autofree char *reason = NULL;
        PolkitAnswer answer = failed ? read_failure(c, failed, &reason) : read_answer(m, &reason);
        Polkit *p = c->polkit;

        finish(c, answer, reason);
        ask_waiting(p);
        return 0;
}

static int append_question(sd_bus_message *m, const PolkitQuestion *q, const char *cancellation_id) {
        int r;

        r = sd_bus_message_append(m, "(sa{sv})s", "system-bus-name", 1, "name", "s", q->sender, q->action);
        if (r < 0)
                return r;
        r = sd_bus_message_open_container(m, 'a', "{ss}");
        if (r < 0)
                return r;
        /* These four are always there: a policy's message may name any of them. */
        r = sd_bus_message_append(m, "{ss}{ss}{ss}{ss}", "client", q->client ?: "", "command",
                                  q->command ?: "", "container", q->container ?: "", "selector",
                                  q->selector ?: "");
        if (r >= 0 && q->schedule)
                r = sd_bus_message_append(m, "{ss}", "schedule", q->schedule);
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        return r < 0 ? r
                     : sd_bus_message_append(m, "us", q->interactive ? ALLOW_USER_INTERACTION : 0,
                                             cancellation_id);
}

static int make_question(PolkitCheck *c, const PolkitQuestion *q) {
        int r;

        r = sd_bus_message_new_method_call(c->polkit->bus, &c->question, AUTHORITY_NAME, AUTHORITY_PATH,
                                           AUTHORITY_IFACE, "CheckAuthorization");
        return r < 0 ? r : append_question(c->question, q, c->cancellation_id);
}

static bool may_ask(const Polkit *p, uint32_t uid) {
        return p->asked < POLKIT_QUESTIONS_MAX &&
               uid_count_of(p->asked_of_uid, uid) < POLKIT_QUESTIONS_PER_UID_MAX;
}

static void ask(PolkitCheck *c) {
        int r = sd_bus_call_async(c->polkit->bus, &c->slot, c->question, on_answer, c, POLKIT_TIMEOUT_USEC);

        if (r < 0) {
                g_autofree char *reason = g_strdup_printf("polkit cannot be asked: %s", g_strerror(-r));

                finish(c, POLKIT_NO, reason);
                return;
        }
        c->polkit->asked++;
        uid_count_change(c->polkit->asked_of_uid, c->uid, 1);
}

/* The first whose user may ask; who is told of a failure may change the queue, so it is looked through anew. */
static PolkitCheck *next_waiting(Polkit *p) {
        for (GList *i = p->waiting.head; i && p->asked < POLKIT_QUESTIONS_MAX; i = i->next)
                if (may_ask(p, ((PolkitCheck *) i->data)->uid))
                        return i->data;
        return NULL;
}

static void ask_waiting(Polkit *p) {
        PolkitCheck *c;

        while ((c = next_waiting(p))) {
                g_queue_unlink(&p->waiting, &c->link);
                c->link.data = NULL;
                ask(c);
        }
}

void polkit_check(Polkit *p, const PolkitQuestion *question, PolkitCheck **check, PolkitDone done,
                  void *userdata) {
        PolkitCheck *c;

        if (!g_strv_contains(p->actions, question->action)) {
                done(POLKIT_NO, "it is no action of this service", userdata);
                return;
        }
        if (question->uid == 0) {
                done(POLKIT_YES, "", userdata);
                return;
        }
        c = g_new0(PolkitCheck, 1);
        c->polkit = p;
        c->uid = question->uid;
        c->cancellation_id = g_strdup_printf("check-%" G_GUINT64_FORMAT, p->checks++);
        c->owner = check;
        c->done = done;
        c->userdata = userdata;
        *check = c;
        if (make_question(c, question) < 0)
                finish(c, POLKIT_NO, "polkit cannot be asked");
        else if (may_ask(p, c->uid))
                ask(c);
        else {
                c->link.data = c;
                g_queue_push_tail_link(&p->waiting, &c->link);
        }
}

GError *polkit_denial(PolkitAnswer answer, const char *method, const char *action, const char *reason) {
        GError *error = NULL;

        if (answer == POLKIT_CHALLENGE)
                (void) fleet_fail(&error, FLEET_ERROR_INTERACTIVE_REQUIRED,
                                  "%s needs authentication (%s), and this call or session does not offer it",
                                  method, action);
        else
                (void) fleet_fail(&error, FLEET_ERROR_ACCESS_DENIED, "%s is denied (%s): %s", method, action,
                                  reason);
        return error;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The mock's broadcasts: to all at once, or with max-parallel to one after the other. */
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "bus-client.h"
#include "bus-json.h"
#include "json.h"
#include "mock-fleet.h"
#include "names.h"

int mock_read_dicts(sd_bus_message *m, json_object **params, json_object **options) {
        int r = bus_read_json(m, params);

        return r < 0 ? r : bus_read_json(m, options);
}

static void tell(Mock *m, MockBatch *b) {
        (void) sd_bus_emit_properties_changed(m->bus, b->path, MSERVER_IFACE_BATCH, "State", "Status",
                                              "Total", "Sent", "Succeeded", "Failed", "Skipped", "Commands",
                                              NULL);
}

static bool submit_next(Mock *m, MockBatch *b) {
        const MockClient *c = g_queue_pop_head(&b->waiting);
        MockCommand *member = c ? mock_submit(m, c->id, b->command, b->params, b->options, b, NULL) : NULL;

        if (!member)
                return false;
        g_ptr_array_add(b->members, member);
        b->sent++;
        return true;
}

static void stop_after_failure(MockBatch *b) {
        if (b->failed == 0 || !json_member(b->options, "max-failures"))
                return;
        b->state = "failed";
        b->status = "1 failed, at most 0 were to";
        b->skipped += g_queue_get_length(&b->waiting);
        g_queue_clear(&b->waiting);
}

void mock_count_end(MockCommand *c) {
        MockBatch *b = c->member_of;

        if (strcmp(c->state, "succeeded") == 0)
                b->succeeded++;
        else
                b->failed++;
        stop_after_failure(b);
        if (b->succeeded + b->failed == b->sent && !submit_next(c->mock, b)) {
                if (strcmp(b->state, "running") == 0)
                        b->state = "finished";
                tell(c->mock, b);
                (void) sd_bus_emit_object_removed(c->mock->bus, b->path);
        } else {
                tell(c->mock, b);
        }
}

static MockBatch *batch_new(Mock *m, const char *selector, const char *command, json_object *params,
                            json_object *options) {
        MockBatch *b = g_new0(MockBatch, 1);

        b->id = g_strdup_printf("batch_1795406800123_%u", 2000 + m->batches->len);
        b->path = g_strconcat(MSERVER_BATCH_ROOT "/", b->id, NULL);
        b->selector = g_strdup(selector);
        b->command = g_strdup(command);
        b->params = json_object_get(params);
        b->options = json_object_get(options);
        b->state = "running";
        b->status = "";
        b->members = g_ptr_array_new();
        g_ptr_array_add(m->batches, b);
        return b;
}

static bool is_selected(const char *selector, const MockClient *c) {
        return strcmp(selector, "all") == 0 || fnmatch(selector, c->id, 0) == 0;
}

static int reply_dry_run(sd_bus_message *m, const char *selector) {
        g_autoptr(sd_bus_message) reply = NULL;
        int r = sd_bus_message_new_method_return(m, &reply);

        if (r >= 0)
                r = sd_bus_message_append(reply, "so", "", "/");
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "{ss}");
        for (const MockClient *c = mock_clients; r >= 0 && c->id; c++)
                if (c->online && is_selected(selector, c))
                        r = sd_bus_message_append(reply, "{ss}", c->id, "");
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

static int reply_batch(sd_bus_message *m, const MockBatch *b) {
        g_autoptr(sd_bus_message) reply = NULL;
        int r = sd_bus_message_new_method_return(m, &reply);

        if (r >= 0)
                r = sd_bus_message_append(reply, "so", b->id, b->path);
        if (r >= 0)
                r = mock_append_members(reply, b);
        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

int mock_broadcast(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        g_autoptr(json_object) params = NULL, options = NULL;
        const char *selector, *command;
        MockBatch *b;
        int r = sd_bus_message_read(m, "ss", &selector, &command);

        if (r >= 0)
                r = mock_read_dicts(m, &params, &options);
        if (r < 0)
                return r;
        printf("Broadcast %s %s %s %s\n", selector, command,
               json_object_to_json_string_ext(params, JSON_C_TO_STRING_PLAIN),
               json_object_to_json_string_ext(options, JSON_C_TO_STRING_PLAIN));
        if (json_member(options, "dry-run"))
                return reply_dry_run(m, selector);
        b = batch_new(userdata, selector, command, params, options);
        for (const MockClient *c = mock_clients; c->id; c++) {
                if (!is_selected(selector, c))
                        continue;
                b->total++;
                if (c->online)
                        g_queue_push_tail(&b->waiting, (gpointer) c);
                else
                        b->skipped++;
        }
        while (submit_next(userdata, b) && !json_member(options, "max-parallel"))
                ;
        return reply_batch(m, b);
}

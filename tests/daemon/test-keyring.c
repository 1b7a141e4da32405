/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys and backups as agents report them: nothing is acknowledged that is not durable, written and audited; nothing is
 * taken twice. */
#include "clock.h"
#include "limits.h"
#include "message.h"
#include "world.h"

static void assert_log(const char *expected) {
        g_autofree char *log = world_take_log();

        g_assert_cmpstr(log, ==, expected);
}

static WsPeer *connect_quietly(const char *id) {
        WsPeer *p = world_connect(id, FEATURES_ALL);

        g_free(world_take_log());
        return p;
}

static void report(WsPeer *p, const char *id, const char *key) {
        world_says_and_free(p, message_key_update(id, "3node0", key, "rotate_keys", 1795406400000));
}

static void test_key(void) {
        World *w = world_new();
        WsPeer *a = connect_quietly("a");

        report(a, "cmd_1_1001", "0xabcd");
        assert_log("store key\nfile 3node0\naudit key-update a\nstore settle key\na < key_update_ack\n"
                   "tell key a 3node0 0xabcd\n");
        /* The acknowledgement got lost. */
        report(a, "cmd_1_1001", "0xabcd");
        assert_log("store key\na < key_update_ack\n");
        world_free(w);
}

/* Old agents give no id: the same content is the same report. */
static void test_key_without_id(void) {
        World *w = world_new();
        WsPeer *a = connect_quietly("a");

        report(a, NULL, "0xabcd");
        g_free(world_take_log());
        report(a, NULL, "0xabcd");
        assert_log("store key\na < key_update_ack\n");
        report(a, NULL, "0xabce");
        assert_log("store key\nfile 3node0\naudit key-update a\nstore settle key\na < key_update_ack\n"
                   "tell key a 3node0 0xabce\n");
        world_free(w);
}

static void test_key_not_taken(void) {
        World *w = world_new();
        WsPeer *a = connect_quietly("a");

        w->store_says = STORE_UNAVAILABLE;
        report(a, "cmd_1_1001", "0xabcd");
        assert_log("store key\na < error\n");
        w->store_says = STORE_OK;
        w->disk_is_full = true;
        report(a, "cmd_1_1001", "0xabcd");
        assert_log("store key\nfile 3node0\na < error\n");
        w->disk_is_full = false;
        w->audit_says = false;
        report(a, "cmd_1_1001", "0xabcd");
        assert_log("store key\nfile 3node0\naudit key-update a\na < error\n");
        /* It comes again until all is well, and is then taken as if for the first time. */
        w->audit_says = true;
        report(a, "cmd_1_1001", "0xabcd");
        assert_log("store key\nfile 3node0\naudit key-update a\nstore settle key\na < key_update_ack\n"
                   "tell key a 3node0 0xabcd\n");
        world_free(w);
}

/* The server was killed after the entry, or the agent has reported again before the first report was settled. */
static void test_entry_once(void) {
        World *w = world_new();
        WsPeer *a = connect_quietly("a");

        w->settles_not = true;
        report(a, "cmd_1_1001", "0xabcd");
        assert_log("store key\nfile 3node0\naudit key-update a\nstore settle key\na < error\n");
        world_says_and_free(a, message_backup_complete("cmd_1_1001", "3node0", "/x.tar", NULL, 10, 1));
        assert_log("store backup\naudit backup-complete a\nstore settle backup\na < error\n");
        w->settles_not = false;
        report(a, "cmd_1_1001", "0xabcd");
        assert_log("store key\nfile 3node0\nstore settle key\na < key_update_ack\ntell key a 3node0 0xabcd\n");
        world_says_and_free(a, message_backup_complete("cmd_1_1001", "3node0", "/x.tar", NULL, 10, 1));
        assert_log("store backup\nstore settle backup\na < backup_complete_ack\ntell backup a 3node0 /x.tar\n");
        world_free(w);
}

/* No host fills the store and the journal; what is not taken is neither acknowledged nor lost. */
static void test_too_many(void) {
        World *w = world_new();
        WsPeer *a = connect_quietly("a");

        for (unsigned i = 0; i < REPORTS_BURST; i++) {
                g_autofree char *id = g_strdup_printf("cmd_1_%u", i + 1000);

                world_pass(20 * USEC_PER_MSEC); /* as quickly as messages may come */
                report(a, id, "0xabcd");
        }
        g_free(world_take_log());
        report(a, "cmd_2_1000", "0xabcd");
        assert_log("a < error\n");
        world_pass(3600 * USEC_PER_SEC / REPORTS_PER_HOUR);
        report(a, "cmd_2_1000", "0xabcd");
        assert_log("store key\nfile 3node0\naudit key-update a\nstore settle key\na < key_update_ack\n"
                   "tell key a 3node0 0xabcd\n");
        world_free(w);
}

static void test_key_elsewhere(void) {
        World *w = world_new();
        WsPeer *a = connect_quietly("a");

        w->key_is_elsewhere = true;
        report(a, "cmd_1_1001", "0xabcd");
        assert_log("store key\nfile 3node0\naudit key-update a the key is active on other 3node9\nstore settle key\n"
                   "a < key_update_ack\ntell key a 3node0 0xabcd\n");
        world_free(w);
}

static void test_backup(void) {
        World *w = world_new();
        WsPeer *a = connect_quietly("a");

        for (unsigned i = 0; i < 2; i++)
                world_says_and_free(a,
                                    message_backup_complete("cmd_1_1001", "3node0", "/x.tar", NULL, 10, 1));
        assert_log("store backup\naudit backup-complete a\nstore settle backup\na < backup_complete_ack\n"
                   "tell backup a 3node0 /x.tar\nstore backup\na < backup_complete_ack\n");
        world_free(w);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/keyring/key", test_key);
        g_test_add_func("/keyring/without-id", test_key_without_id);
        g_test_add_func("/keyring/not-taken", test_key_not_taken);
        g_test_add_func("/keyring/entry-once", test_entry_once);
        g_test_add_func("/keyring/too-many", test_too_many);
        g_test_add_func("/keyring/elsewhere", test_key_elsewhere);
        g_test_add_func("/keyring/backup", test_backup);
        return g_test_run();
}

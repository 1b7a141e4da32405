/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What nodes are asked about themselves, and what is made of whole, partial and strange answers. */
#include <glib.h>
#include <string.h>

#include "node-picture.h"

#define HEALTH "{\"id\":1,\"result\":{\"peers\":8,\"isSyncing\":false,\"shouldHavePeers\":true}}"

/* The session keys of one key, Alice's of Substrate's development chains. */
#define ALICE "0xd43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d"

/* The "node" object that these answers make, with those to what they lead to. keys: what it was asked about. */
static char *picture_with(const char *answers, bool slow, const char *keys, const char *before,
                          const char *more) {
        JsonRpcAnswer each[NODE_QUESTIONS_MAX] = {}, follow[_NODE_FOLLOW_UP_MAX] = {};
        json_object *old = before ? json_tokener_parse(before) : NULL, *picture;
        NodeFollowUp about[_NODE_FOLLOW_UP_MAX];
        g_auto(GStrv) questions = NULL;
        char *text;

        (void) json_rpc_parse_all(answers, strlen(answers), NODE_QUESTIONS_MAX, each);
        picture = node_picture_read(each, slow, keys, old);
        questions = node_picture_follow_up(each, about);
        if (more)
                (void) json_rpc_parse_all(more, strlen(more), _NODE_FOLLOW_UP_MAX, follow);
        for (unsigned i = 0; questions && questions[i]; i++)
                node_picture_add(picture, about[i], &follow[i], keys);
        text = g_strdup(json_object_to_json_string_ext(picture, JSON_C_TO_STRING_PLAIN));
        for (unsigned i = 0; i < NODE_QUESTIONS_MAX; i++)
                json_rpc_answer_clear(&each[i]);
        for (unsigned i = 0; i < _NODE_FOLLOW_UP_MAX; i++)
                json_rpc_answer_clear(&follow[i]);
        json_object_put(picture);
        json_object_put(old);
        return text;
}

static char *picture_of(const char *answers, bool slow, const char *before, const char *finalized) {
        return picture_with(answers, slow, NULL, before, finalized);
}

static void test_questions(void) {
        g_auto(GStrv) quick = node_picture_questions(false, ALICE),
                      all = node_picture_questions(true, ALICE),
                      without = node_picture_questions(true, NULL);

        g_assert_cmpuint(g_strv_length(all), ==, NODE_QUESTIONS_MAX);
        g_assert_cmpuint(g_strv_length(quick), <, g_strv_length(without));
        g_assert_cmpuint(g_strv_length(without), ==, NODE_QUESTIONS_MAX - 1);
        for (unsigned i = 0; i < g_strv_length(all); i++) {
                g_autofree char *id = g_strdup_printf("\"id\":%u,", i + 1);

                g_assert_nonnull(strstr(all[i], id));
                g_assert_true(i >= g_strv_length(quick) || g_str_equal(quick[i], all[i]));
                g_assert_true(i >= g_strv_length(without) || g_str_equal(without[i], all[i]));
        }
        g_assert_cmpstr(quick[0], ==,
                        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"system_health\",\"params\":[]}");
}

static void test_follow_up(void) {
        static const struct {
                const char *answers;
                const char *questions[_NODE_FOLLOW_UP_MAX]; /* in part */
                NodeFollowUp about[_NODE_FOLLOW_UP_MAX];
        } table[] = {
                { "", {}, {} },
                { "{\"id\":3,\"result\":7}{\"id\":8,\"result\":null}", {}, {} },
                { "{\"id\":3,\"result\":\"0xabc\"}",
                  { "\"id\":1,\"method\":\"chain_getHeader\",\"params\":[\"0xabc\"]}" },
                  { NODE_FINALIZED_HEADER } },
                { "{\"id\":8,\"result\":\"" ALICE "\"}",
                  { "\"id\":1,\"method\":\"state_getStorage\"" },
                  { NODE_NEXT_KEYS } },
                { "{\"id\":3,\"result\":\"0xabc\"}{\"id\":8,\"result\":\"" ALICE "\"}",
                  { "\"id\":1,\"method\":\"chain_getHeader\"", "\"id\":2,\"method\":\"state_getStorage\"" },
                  { NODE_FINALIZED_HEADER, NODE_NEXT_KEYS } },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
                JsonRpcAnswer each[NODE_QUESTIONS_MAX] = {};
                NodeFollowUp about[_NODE_FOLLOW_UP_MAX];
                g_auto(GStrv) questions = NULL;

                (void) json_rpc_parse_all(table[i].answers, strlen(table[i].answers), NODE_QUESTIONS_MAX,
                                          each);
                questions = node_picture_follow_up(each, about);
                g_assert_cmpint(questions != NULL, ==, table[i].questions[0] != NULL);
                for (unsigned n = 0; questions && n < _NODE_FOLLOW_UP_MAX; n++) {
                        if (!table[i].questions[n]) {
                                g_assert_null(questions[n]);
                                break;
                        }
                        g_assert_nonnull(strstr(questions[n], table[i].questions[n]));
                        g_assert_cmpint(about[n], ==, table[i].about[n]);
                }
                for (unsigned n = 0; n < NODE_QUESTIONS_MAX; n++)
                        json_rpc_answer_clear(&each[n]);
        }
}

/* True only where an account has registered exactly these, false where it is known that none has; else nothing is said. */
static void test_registered(void) {
        static const struct {
                const char *owner, *next_keys, *picture;
        } table[] = {
                { "\"result\":null", NULL, "\"keys_registered\":false" },
                { "\"result\":\"" ALICE "\"", "\"result\":\"" ALICE "\"", "\"keys_registered\":true" },
                { "\"result\":\"" ALICE "\"", "\"result\":\"0x00\"", "\"keys_registered\":false" },
                { "\"result\":\"" ALICE "\"", "\"result\":null", "\"keys_registered\":false" },
                { "\"result\":\"" ALICE "\"", "\"result\":1", NULL },
                { "\"result\":\"" ALICE "\"", "\"error\":{\"code\":1,\"message\":\"no\"}", NULL },
                { "\"result\":\"0x00\"", NULL, NULL },
                { "\"error\":{\"code\":-32601,\"message\":\"no\"}", NULL, NULL },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
                g_autofree char *answers = g_strdup_printf(HEALTH "{\"id\":8,%s}", table[i].owner),
                                *more = table[i].next_keys ? g_strdup_printf("{\"id\":1,%s}",
                                                                             table[i].next_keys)
                                                           : NULL,
                                *text = picture_with(answers, true, ALICE, NULL, more),
                                *unasked = picture_with(HEALTH, true, NULL, NULL, NULL);

                g_test_message("%s %s", answers, more);
                if (table[i].picture)
                        g_assert_nonnull(strstr(text, table[i].picture));
                else
                        g_assert_null(strstr(text, "keys_registered"));
                g_assert_null(strstr(unasked, "keys_registered"));
        }
}

static void test_whole(void) {
        static const char answers[] = HEALTH
                        "{\"id\":2,\"result\":{\"number\":\"0x1260cb\"}}{\"id\":3,\"result\":\"0xabc\"}\n"
                        "{\"id\":4,\"result\":{\"currentBlock\":1204427,\"highestBlock\":1204430}}"
                        "{\"id\":5,\"result\":\"3.39.0-lab\\u0007\"}"
                        "{\"id\":6,\"result\":\"0x0102000001f0b9cb2d9501\"}"
                        "{\"id\":7,\"result\":{\"5Grw\":{\"primary\":[],\"secondary\":[],\"secondary_vrf\":[7]}}}";
        g_autofree char *text =
                        picture_of(answers, true, NULL, "{\"id\":1,\"result\":{\"number\":\"0x1260c9\"}}");

        g_assert_cmpstr(text, ==,
                        "{\"peers\":8,\"syncing\":false,\"should_have_peers\":true,\"best\":1204427,"
                        "\"target\":1204430,\"version\":\"3.39.0-lab?\",\"era\":513,\"active_validator\":true,"
                        "\"finalized\":1204425,\"finality_lag\":2}");
}

static void test_partial(void) {
        static const struct {
                const char *answers, *picture;
        } table[] = {
                { "", "{\"error\":\"no answer to system_health\"}" },
                { "no JSON", "{\"error\":\"no answer to system_health\"}" },
                { "{\"id\":1,\"error\":{\"code\":-32601,\"message\":\"Method not found\"}}",
                  "{\"error\":\"Method not found\"}" },
                { "{\"id\":1,\"result\":{\"peers\":-1,\"isSyncing\":true}}",
                  "{\"error\":\"its answer to system_health has no \\\"peers\\\"\"}" },
                { "{\"id\":1,\"result\":[]}",
                  "{\"error\":\"its answer to system_health has no \\\"peers\\\"\"}" },
                { HEALTH, "{\"peers\":8,\"syncing\":false,\"should_have_peers\":true}" },
                /* A chain of one's own needs no peers; one that does not say so does. */
                { "{\"id\":1,\"result\":{\"peers\":0,\"isSyncing\":true,\"shouldHavePeers\":false}}",
                  "{\"peers\":0,\"syncing\":true,\"should_have_peers\":false}" },
                { "{\"id\":1,\"result\":{\"peers\":0,\"isSyncing\":true}}",
                  "{\"peers\":0,\"syncing\":true,\"should_have_peers\":true}" },
                /* Ahead of all its peers. */
                { HEALTH
                  "{\"id\":4,\"result\":{\"highestBlock\":5}}{\"id\":2,\"result\":{\"number\":\"0x10\"}}",
                  "{\"peers\":8,\"syncing\":false,\"should_have_peers\":true,\"best\":16,\"target\":16}" },
                /* Of another shape than it should be: not there. */
                { HEALTH "{\"id\":2,\"result\":{\"number\":\"16\"}}{\"id\":5,\"result\":{}}"
                         "{\"id\":6,\"result\":null}{\"id\":7,\"result\":7}",
                  "{\"peers\":8,\"syncing\":false,\"should_have_peers\":true}" },
                { HEALTH "{\"id\":2,\"result\":{\"number\":\"0x1g\"}}{\"id\":6,\"result\":\"0x0102\"}"
                         "{\"id\":7,\"result\":{\"5G\":{\"primary\":[]},\"5H\":1}}",
                  "{\"peers\":8,\"syncing\":false,\"should_have_peers\":true,\"active_validator\":false}" },
                { HEALTH "{\"id\":2,\"result\":{\"number\":\"0x11111111111111111\"}}"
                         "{\"id\":7,\"error\":{\"code\":-32601,\"message\":\"RPC call is unsafe\"}}",
                  "{\"peers\":8,\"syncing\":false,\"should_have_peers\":true}" },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
                g_autofree char *text = picture_of(table[i].answers, true, NULL, NULL);

                g_test_message("%s", table[i].answers);
                g_assert_cmpstr(text, ==, table[i].picture);
        }
}

/* What was not asked this time stands; what was asked and is not told any more does not. */
static void test_before(void) {
        static const char before[] =
                        "{\"peers\":1,\"best\":3,\"era\":7,\"active_validator\":true,\"keys_registered\":true}";
        g_autofree char *quick = picture_of(HEALTH, false, before, NULL),
                        *slow = picture_of(HEALTH, true, before, NULL),
                        *gone = picture_of("", false, before, NULL);

        g_assert_cmpstr(quick, ==,
                        "{\"peers\":8,\"syncing\":false,\"should_have_peers\":true,\"era\":7,"
                        "\"active_validator\":true,\"keys_registered\":true}");
        g_assert_cmpstr(slow, ==, "{\"peers\":8,\"syncing\":false,\"should_have_peers\":true}");
        g_assert_cmpstr(gone, ==, "{\"error\":\"no answer to system_health\"}");
}

static void test_finalized(void) {
        static const char ahead[] =
                        HEALTH "{\"id\":2,\"result\":{\"number\":\"0x10\"}}{\"id\":3,\"result\":\"0xabc\"}",
                          alone[] = HEALTH "{\"id\":3,\"result\":\"0xabc\"}";
        g_autofree char *later = picture_of(ahead, false, NULL,
                                            "{\"id\":1,\"result\":{\"number\":\"0x12\"}}"),
                        *none = picture_of(alone, false, NULL, "{\"id\":1,\"result\":null}"),
                        *only = picture_of(alone, false, NULL, "{\"id\":1,\"result\":{\"number\":\"0x0\"}}");

        /* It went on between the two questions: it does not lag by less than nothing. */
        g_assert_nonnull(strstr(later, "\"finalized\":18,\"finality_lag\":0"));
        g_assert_null(strstr(none, "finalized"));
        g_assert_nonnull(strstr(only, "\"finalized\":0}"));
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/node-picture/questions", test_questions);
        g_test_add_func("/node-picture/follow-up", test_follow_up);
        g_test_add_func("/node-picture/registered", test_registered);
        g_test_add_func("/node-picture/whole", test_whole);
        g_test_add_func("/node-picture/partial", test_partial);
        g_test_add_func("/node-picture/before", test_before);
        g_test_add_func("/node-picture/finalized", test_finalized);
        return g_test_run();
}

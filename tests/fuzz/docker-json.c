/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fuzzes what the Docker Engine answers: inspect, stats and its messages, whatever else may stand in them. */
#include <json-c/json.h>

#include "container-info.h"
#include "fuzz.h"
#include "keystore.h"
#include "rpc-port.h"

static json_object *parse(const uint8_t *data, size_t size) {
        json_tokener *t = json_tokener_new();
        json_object *o = json_tokener_parse_ex(t, (const char *) data, (int) size);

        json_tokener_free(t);
        return o;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        g_autofree char *text = g_strndup((const char *) data, size),
                        *named = container_name_in(text, "3node0");
        json_object *o = parse(data, size);
        g_auto(GStrv) places = keystore_places("3node0", o), identity = network_identity_places("3node0", o),
                      folders = keystore_chain_folders(o);
        ContainerUsage usage = {};
        json_object *status;
        uint16_t port;

        g_assert_true(named && places && identity && folders);
        (void) rpc_port("3node0", o, 0, &port, NULL);
        if (o) {
                status = container_status(o);
                g_assert_true(json_object_is_type(status, json_type_object));
                container_usage_parse(o, &usage);
                container_usage_add(status, &usage, NULL, 0);
                container_usage_add(status, &usage, &usage, 1);
                (void) json_object_to_json_string(status);
                json_object_put(status);
        }
        json_object_put(o);
        return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fuzzes the answer of a node. */
#include <string.h>

#include "fuzz.h"
#include "json-rpc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        g_auto(JsonRpcAnswer) a = {};
        g_autoptr(GError) error = NULL;
        bool good = json_rpc_parse((const char *) data, size, &a, &error);

        g_assert_true(good == (error == NULL));
        if (good && a.refused)
                g_assert_null(strchr(a.message, '\n'));
        return 0;
}

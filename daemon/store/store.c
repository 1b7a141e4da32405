/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is the same for every engine of the store. */
#include "store.h"

Store *store_close(Store *s) {
        if (!s)
                return NULL;
        s->ops->close(s->engine);
        g_free(s);
        return NULL;
}

ClientRecord *client_record_free(ClientRecord *c) {
        if (!c)
                return NULL;
        g_free(c->id);
        g_free(c->host);
        g_free(c->version);
        g_free(c->address);
        g_free(c->labels);
        g_free(c->commands);
        g_free(c);
        return NULL;
}

TokenRecord *token_record_free(TokenRecord *t) {
        if (!t)
                return NULL;
        g_free(t->client);
        g_free(t);
        return NULL;
}

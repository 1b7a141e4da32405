/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The close codes that we send or understand (RFC 6455 section 7.4 and its registry). */
#pragma once

enum {
        WS_CLOSE_NORMAL = 1000,
        WS_CLOSE_GOING_AWAY = 1001,
        WS_CLOSE_PROTOCOL = 1002,
        WS_CLOSE_UNSUPPORTED = 1003, /* binary */
        WS_CLOSE_NO_CODE = 1005,     /* never sent: the close frame had none */
        WS_CLOSE_INVALID_DATA = 1007,
        WS_CLOSE_POLICY = 1008,
        WS_CLOSE_TOO_LARGE = 1009,
        WS_CLOSE_TRY_AGAIN = 1013,
};

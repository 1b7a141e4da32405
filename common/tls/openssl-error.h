/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Why OpenSSL could not. */
#pragma once

/* The reason on top of this thread's error queue, which is emptied; borrowed, never NULL. */
const char *openssl_reason(void);

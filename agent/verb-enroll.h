/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* "mclient enroll": makes this host a client of a server. */
#pragma once

/* Does the whole, as root, and says how it goes; argv begins with "enroll". The line in it is wiped. Returns what to exit
 * with. */
int verb_enroll(int argc, char *argv[]);

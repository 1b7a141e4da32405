/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* [Policy] of mclient.conf(5): what this host lets be done on it, whatever its server says. */
#pragma once

#include <glib.h>

typedef struct Policy Policy;

/* Who asked: this host's own user, whom polkit let through. Else a user id on the server, in decimal and as the
 * server says, or NULL where it does not say. */
#define POLICY_CALLER_LOCAL "local"

/* From the values of the keys; NULL: not set. commands and containers are globs, callers user ids (each a
 * NULL-terminated list). exec: "no" (the default), "yes", or command lines like "ls *; cat /proc/meminfo": split by
 * shell quoting rules, a word that ends in ";" is the last of its line; each word is a glob for one argument, and "*"
 * as the last word stands for any others, or none. FLEET_ERROR_CONFIG names key, value and what was expected. */
Policy *policy_new(char *const *commands, char *const *containers, const char *exec, char *const *callers,
                   GError **error);
Policy *policy_free(Policy *p);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Policy, policy_free)

/* These return the rule that says no, in one line for people (new string), or NULL where it is allowed. */
char *policy_refuses_command(const Policy *p, const char *command, const char *caller);
char *policy_refuses_container(const Policy *p, const char *container);
char *policy_refuses_exec(const Policy *p, const char *const *argv);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What LoadCredential= of our unit gives to scripts. systemd makes credentials readable for the user of the unit, which is
 * root; a script that is another gets a copy, in memory that only this unit sees (TemporaryFileSystem=). */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* Below what the unit has TemporaryFileSystem= for. */
#define SCRIPT_SECRETS_DIR "/run/mclient-script-private/credentials"

typedef struct ScriptSecrets ScriptSecrets;

/* Reads them all. Empty where there are none. */
ScriptSecrets *script_secrets_read(GError **error);
ScriptSecrets *script_secrets_free(ScriptSecrets *s);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ScriptSecrets, script_secrets_free)

bool script_secrets_is_empty(const ScriptSecrets *s);

/* As the user of the script: writes them to SCRIPT_SECRETS_DIR. Sets errno. */
bool script_secrets_write(const ScriptSecrets *s);

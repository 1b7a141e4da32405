/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Alerts and silences as tables. */
#pragma once

#include "args.h"
#include "ctl.h"

/* Each shows one list; returns an exit code. */
int alert_list_show(Ctl *ctl, GError **error);
int alert_list_show_past(Ctl *ctl, unsigned lines, GError **error);
int alert_list_show_silences(Ctl *ctl, GError **error);

/* How many alerts last; 0 also where that cannot be known. */
unsigned alert_list_count(BusClient *bus);

/* Ids of alerts that last, or of silences; for completion. New NULL-terminated strings. */
char **alert_list_ids(BusClient *bus);
char **alert_list_silence_ids(BusClient *bus);

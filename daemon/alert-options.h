/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* [Alerts] of mserver.conf(5): when something is told, and when it is over. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "alert-condition.h"
#include "config.h"

/* For the list of known keys: KIND=, KINDFor=, KINDClear= by alert-kind.h's table. */
#define ALERT_CONFIG_KEYS                                                                               \
        { "Alerts", "ClientOffline" }, { "Alerts", "ClientOfflineFor" }, { "Alerts", "ContainerDown" }, \
                        { "Alerts", "ContainerDownFor" }, { "Alerts", "ContainerRestarting" },          \
                        { "Alerts", "NodeSyncing" }, { "Alerts", "NodeSyncingFor" },                    \
                        { "Alerts", "NodeNoPeers" }, { "Alerts", "NodeNoPeersFor" },                    \
                        { "Alerts", "BlockStalled" }, { "Alerts", "BlockStalledFor" },                  \
                        { "Alerts", "FinalityLag" }, { "Alerts", "FinalityLagFor" },                    \
                        { "Alerts", "FinalityLagClear" }, { "Alerts", "DiskFull" },                     \
                        { "Alerts", "DiskFullFor" }, { "Alerts", "DiskFullClear" },                     \
                        { "Alerts", "MemoryFull" }, { "Alerts", "MemoryFullFor" },                      \
                        { "Alerts", "MemoryFullClear" }, { "Alerts", "ClockSkew" },                     \
                        { "Alerts", "ClockSkewFor" }, { "Alerts", "ClockSkewClear" },                   \
                        { "Alerts", "KeyUnregistered" }, { "Alerts", "BackupTooOld" },                  \
                        { "Alerts", "CertificateExpiring" }, { "Alerts", "CommandFailed" },             \
                        { "Alerts", "CommandInterrupted" }, { "Alerts", "AuditBroken" },                \
                        { "Alerts", "ClearFor" }, {                                                     \
                "Alerts", "EventsClearAfter"                                                            \
        }

/* On top of the defaults. FLEET_ERROR_CONFIG. */
bool alert_options_read(const Config *c, AlertRules *ret, GError **error);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What can be wrong. The defaults are for validators on hosts that somebody looks after: what a restart, an update or a busy
 * minute brings is over before they are reached. */
#include "alert-kind.h"

#define SEC 1000000ull
#define MINUTE (60 * SEC)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

static const AlertKindInfo kinds[_ALERT_KIND_MAX] = {
        [ALERT_CLIENT_OFFLINE] = { "client-offline", "ClientOffline", ALERT_CRITICAL, ALERT_OF_CLIENT,
                                   ALERT_UNIT_NONE, false, 1, 1, 5 * MINUTE },
        [ALERT_CONTAINER_DOWN] = { "container-down", "ContainerDown", ALERT_CRITICAL, ALERT_OF_CONTAINER,
                                   ALERT_UNIT_NONE, false, 1, 1, 2 * MINUTE },
        [ALERT_CONTAINER_RESTARTING] = { "container-restarting", "ContainerRestarting", ALERT_WARNING,
                                         ALERT_OF_CONTAINER, ALERT_UNIT_NUMBER, false, 3, 1, 0 },
        [ALERT_NODE_SYNCING] = { "node-syncing", "NodeSyncing", ALERT_WARNING, ALERT_OF_CONTAINER,
                                 ALERT_UNIT_NONE, false, 1, 1, 15 * MINUTE },
        [ALERT_NODE_NO_PEERS] = { "node-no-peers", "NodeNoPeers", ALERT_WARNING, ALERT_OF_CONTAINER,
                                  ALERT_UNIT_NONE, false, 1, 1, 5 * MINUTE },
        [ALERT_BLOCK_STALLED] = { "block-stalled", "BlockStalled", ALERT_CRITICAL, ALERT_OF_CONTAINER,
                                  ALERT_UNIT_NONE, false, 1, 1, 10 * MINUTE },
        [ALERT_FINALITY_LAG] = { "finality-lag", "FinalityLag", ALERT_WARNING, ALERT_OF_CONTAINER,
                                 ALERT_UNIT_NUMBER, false, 50, 20, 10 * MINUTE },
        [ALERT_DISK_FULL] = { "disk-full", "DiskFull", ALERT_WARNING, ALERT_OF_CLIENT, ALERT_UNIT_PERCENT,
                              false, 90, 87, 10 * MINUTE },
        [ALERT_MEMORY_FULL] = { "memory-full", "MemoryFull", ALERT_WARNING, ALERT_OF_CLIENT,
                                ALERT_UNIT_PERCENT, false, 95, 90, 10 * MINUTE },
        [ALERT_CLOCK_SKEW] = { "clock-skew", "ClockSkew", ALERT_WARNING, ALERT_OF_CLIENT, ALERT_UNIT_TIME,
                               false, 30 * SEC, 10 * SEC, 2 * MINUTE },
        [ALERT_KEY_UNREGISTERED] = { "key-unregistered", "KeyUnregistered", ALERT_CRITICAL,
                                     ALERT_OF_CONTAINER, ALERT_UNIT_TIME, false, 6 * HOUR, 1, 0 },
        [ALERT_BACKUP_TOO_OLD] = { "backup-too-old", "BackupTooOld", ALERT_WARNING, ALERT_OF_CONTAINER,
                                   ALERT_UNIT_TIME, false, 8 * DAY, 8 * DAY, 0 },
        [ALERT_CERTIFICATE_EXPIRING] = { "certificate-expiring", "CertificateExpiring", ALERT_WARNING,
                                         ALERT_OF_SERVER, ALERT_UNIT_TIME, true, 14 * DAY, 14 * DAY, 0 },
        [ALERT_COMMAND_FAILED] = { "command-failed", "CommandFailed", ALERT_WARNING, ALERT_EVENT_OF_COMMAND,
                                   ALERT_UNIT_NONE, false, 1, 1, 0 },
        [ALERT_COMMAND_INTERRUPTED] = { "command-interrupted", "CommandInterrupted", ALERT_WARNING,
                                        ALERT_EVENT_OF_COMMAND, ALERT_UNIT_NONE, false, 1, 1, 0 },
        [ALERT_AUDIT_BROKEN] = { "audit-broken", "AuditBroken", ALERT_CRITICAL, ALERT_EVENT_OF_SERVER,
                                 ALERT_UNIT_NONE, false, 1, 1, 0 },
};

const AlertKindInfo *alert_kind_info(AlertKind kind) {
        return &kinds[kind];
}

bool alert_kind_from_string(const char *name, AlertKind *ret) {
        for (AlertKind k = 0; name && k < _ALERT_KIND_MAX; k++)
                if (g_str_equal(name, kinds[k].name)) {
                        *ret = k;
                        return true;
                }
        return false;
}

bool alert_kind_is_event(AlertKind kind) {
        return kinds[kind].scope == ALERT_EVENT_OF_COMMAND || kinds[kind].scope == ALERT_EVENT_OF_SERVER;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every bound on what a peer, a user or time can make us hold, with its reason. */

/* <limits.h> finds this file first, as its folder is in the include path: hand on to the C library's, each time
 * (the compiler's own comes by here twice, so this stands before the guard). */
#include_next <limits.h>

#ifndef FLEET_LIMITS_H
#define FLEET_LIMITS_H

#include_next <limits.h> /* this one shadows the C library's, which GLib's macros need */

/* Names. Client ids and container names go into file names, object paths and journal fields. */
#define CLIENT_ID_MAX 64
#define CONTAINER_NAME_MAX 128 /* docker itself sets none; longer ones do not fit a key file's name */
#define COMMAND_NAME_MAX 64
#define COMMAND_ID_MAX 64
#define PARAM_NAME_MAX 64
#define TOKEN_LENGTH_MAX 256 /* an Authorization value beyond this is nobody's token */

/* What a register may declare. */
#define HOST_NAME_MAX_BYTES 253 /* RFC 1035 */
#define VERSION_MAX_BYTES 64
#define LABELS_MAX 64
#define LABEL_KEY_MAX 64
#define LABEL_VALUE_MAX 256
#define OFFERED_COMMANDS_MAX 128

#define LOG_LINE_MAX 2048 /* one line of a daemon's log; an error text that a peer made may be long */

/* Messages (docs/PROTOCOL.md). The 10 MiB are the protocol's; depth bounds json-c's recursion. */
#define MESSAGE_BYTES_MAX (10u * 1024 * 1024)
#define MESSAGE_DEPTH_MAX 32
#define MESSAGE_VALUES_MAX 65536 /* json-c takes 700 bytes for each "{}": 10 MiB of them would be 2 GB */
#define MESSAGE_FIELD_MAX 4096  /* an id, name, path or key in a message; free text has only the message's */
#define MESSAGES_PER_SECOND 100 /* sustained, per client; a chatty agent sends 2 and streams about 20 */
#define MESSAGES_BURST 1000     /* a client that returns flushes its backlog at once */
#define MESSAGES_PER_COMMAND 2  /* that it runs, and its end: they do not count, as it was us who asked */
#define PARAMS_BYTES_MAX (64u * 1024)
#define PARAM_BYTES_MAX 4096            /* one of them, but for a command to run */
#define AUDIT_PARAMS_BYTES_MAX 4096     /* of them in a journal entry */
#define RESULT_BYTES_MAX (1024u * 1024) /* kept per command in the store; more is cut and marked */
#define ERROR_TEXT_MAX 4096
#define STATS_BYTES_MAX (256u * 1024)

/* Connections. */
#define CLIENTS_MAX_DEFAULT 20000
#define CONNECTIONS_MAX_DEFAULT 21000
#define CONNECTIONS_PER_ADDRESS_DEFAULT 6000 /* a whole fleet may come from behind one NAT */
#define HANDSHAKES_MAX 512 /* in flight: bounds what strangers cost in memory (40 KB each) */
#define HANDSHAKE_TIMEOUT_SEC 10
#define REGISTER_TIMEOUT_SEC 10
#define HANDSHAKE_BYTES_MAX 8192 /* of the request for the upgrade */
#define DOOR_TALKING_SEC \
        3 /* older handshakes make room when too many are in flight; honest ones take 2 under load */
#define DOOR_REFUSED_SEC 1             /* the same for those who have been refused, and may still read why */
#define CLOSE_TIMEOUT_SEC 5            /* for the peer's side of a close, and for what is queued before it */
#define ACCEPT_BATCH 64                /* accept4() calls in one turn of the loop */
#define LISTEN_RETRY_MSEC 1000         /* pause after accept4() ran out of descriptors or memory */
#define STREAM_READ_BYTES 16384        /* one TLS record */
#define STREAM_TURN_BYTES (64u * 1024) /* read from one connection in one turn of the loop */
#define SEND_BUFFER_BYTES \
        (128 * 1024) /* the kernel's for one connection: a peer that does not read pins it */
#define SEND_QUEUE_BYTES_MAX (4u * 1024 * 1024) /* waiting for one client; beyond it it is closed */
#define SEND_QUEUE_MESSAGES_MAX 4096
#define REPORTS_PER_HOUR \
        120 /* keys and backups of a client, which are kept for good; what is refused is reported again */
#define REPORTS_BURST 512            /* of all its nodes, some times over, after an absence */
#define AUTH_FAILURES_PER_MINUTE 30  /* wrong tokens per address before the answer is 429 */
#define AUDIT_REJECTED_PER_SECOND 20 /* client-rejected entries: strangers must not fill the journal */
#define AUDIT_REJECTED_BURST 200
#define CLOSE_REASON_MAX 123     /* RFC 6455 section 5.5 */
#define AUTH_ADDRESSES_MAX 16384 /* addresses remembered for that; the oldest goes first */

/* Certificates of the server. */
#define CERTIFICATE_WARN_USEC \
        (14ull * 24 * 3600 * 1000000)              /* ACME clients renew a month ahead: this one did not */
#define CERTIFICATE_LOOK_MSEC (6ull * 3600 * 1000) /* a warning four times a day is enough to be seen */

/* Certificates of clients. */
#define CLIENT_CERTIFICATE_LIFE_USEC \
        (90ull * 24 * 3600 * 1000000)     /* renewed a month before: an agent may be away for so long */
#define CLIENT_CERTIFICATE_BYTES_MAX 3072 /* PEM of one, or of a request for one; P-256 takes 900 */
#define CLIENT_CERTIFICATE_SPACING_SEC 10 /* between two of one session: each takes the loop 0.2 ms */
#define CLIENT_CERTIFICATE_AGAIN_SEC 3600 /* until a server that gave no certificate is asked again */

/* Enrolment: a line that lets a new host in is for somebody who is at both machines now. */
#define ENROLLMENT_LIFE_DEFAULT_USEC (15ull * 60 * 1000000)
#define ENROLLMENT_LIFE_MAX_USEC (7ull * 24 * 3600 * 1000000)
#define ENROLLMENT_TOKEN_BYTES \
        16 /* random ones: short enough to paste, and guessed one at a time from afar */
#define ENROLLMENT_TOKEN_LENGTH_MIN 16
#define ENROLLMENT_LINE_MAX 1024 /* a URL, a fingerprint and a token */
#define ENROLLMENT_BODY_MAX \
        4096                  /* of the request and of its answer; the certificate's request is most of it */
#define ENROLL_TIMEOUT_SEC 20 /* for the server's answer: it has HANDSHAKE_TIMEOUT_SEC for it */
#define ENROLL_TRIES 3        /* the same line again is harmless */
#define ENROLL_ONLINE_SEC 30  /* for the service to start and the server to see it */
#define ENROLLMENTS_MAX 20000 /* open or just used; one of a client, and a fleet may be enrolled at once */

/* Liveness: a peer that vanished without a FIN is offline within 60 s. */
#define PING_INTERVAL_SEC 20
#define PEER_SILENT_SEC 50

/* Commands. */
#define COMMANDS_IN_FLIGHT_PER_CLIENT 256
#define COMMANDS_IN_FLIGHT_MAX 50000
#define COMMAND_TIMEOUT_DEFAULT_USEC (10ull * 60 * 1000000)
#define COMMAND_TIMEOUT_MAX_USEC (24ull * 3600 * 1000000)
#define COMMAND_GRACE_USEC (10ull * 1000000) /* for the agent's own timed-out to arrive before ours */
#define RESTART_GRACE_USEC \
        (120ull * 1000000)      /* for agents to return (RECONNECT_MAX_MSEC) after our restart */
#define DRAIN_TIMEOUT_MSEC 5000 /* of a stop, for each of its steps */
#define STORE_RETRY_MSEC 2000
#define COMMAND_CACHE_MAX 20000         /* finished commands kept as objects on the bus; the store has all */
#define OUTPUT_TAIL_BYTES (256u * 1024) /* streamed output kept per command, the newest */
#define OUTPUT_CHUNK_BYTES (32u * 1024) /* one command_progress, one CommandOutput signal */
#define OUTPUT_WINDOW_BYTES \
        (96u *              \
         1024) /* sent and not passed on; with a chunk, and what waits at the agent, below both tails */
#define OUTPUT_PASSED_BYTES (48u * 1024) /* passed on before the agent is told, so that it need not stop */
#define LIST_COMMANDS_MAX 10000
#define KEYS_PER_SECOND_MAX 100 /* of one node: files of the same second get a suffix */
#define LIST_KEYS_MAX 10000     /* keys or backups in one answer, the newest */
#define LIST_COMMANDS_DEFAULT 100
#define FAN_OUT_CHUNK \
        256 /* clients of a broadcast per turn of the loop: one of 5,000 held D-Bus up 145 ms */
#define SELECTOR_BYTES_MAX 1024
#define BATCHES_RUNNING_MAX 64
#define BATCHES_PAST_MAX \
        16 /* ended ones kept once they were looked at, each with the ids of all its commands */
#define BATCH_PAUSE_MAX_USEC (24ull * 3600 * 1000000)
#define HEALTH_TIMEOUT_DEFAULT_USEC \
        (30ull * 60 * 1000000) /* a node that was restarted checks its database first */
#define HEALTH_TIMEOUT_MAX_USEC (24ull * 3600 * 1000000)
#define HEALTH_STATUS_TIMEOUT_USEC (30ull * 1000000)
#define HEALTH_POLL_MIN_MSEC 2000 /* doubled from question to question, for each is in the journal */
#define HEALTH_POLL_MAX_MSEC 15000

/* Schedules. Each is a timer of systemd, and a file that root reads at every reload. */
#define SCHEDULES_MAX 256
#define SCHEDULE_ENTRIES_MAX 4096 /* of their directory that are looked at, whatever they are */
#define SCHEDULE_NAME_MAX 64      /* with "mserver-schedule@" and ".timer" far from a unit name's 255 */
#define SCHEDULE_CALENDAR_MAX 256
#define SCHEDULE_FILE_BYTES_MAX (256u * 1024)                /* PARAMS_BYTES_MAX, escaped, and the rest */
#define SCHEDULE_DELAY_MAX_USEC (7ull * 24 * 3600 * 1000000) /* random, on top of the calendar */
#define SCHEDULE_CHANGES_MAX 16                              /* at once: each is a process and a reload */
#define SYSTEMD_TIMEOUT_USEC (60ull * 1000000) /* a reload takes seconds where there are many units */
#define CALENDAR_CHECK_MSEC 10000              /* for systemd-analyze to say what it thinks of one */
#define CALENDAR_CHECK_BYTES_MAX 4096          /* of what it says */
#define SUBSCRIBERS_MAX 256
#define SUBSCRIBERS_PER_UID_MAX 32            /* of a user other than root */
#define SUBSCRIBER_UNREAD_BYTES (512u * 1024) /* of output on its way to a subscriber */
#define SUBSCRIBER_PING_BYTES (128u * 1024)   /* of these until it is asked whether it has read them */
#define SUBSCRIBER_SILENT_SEC 30              /* without an answer: commands no longer wait for it */
#define SUBSCRIBER_PINGS_MAX \
        20 /* open at once; with polkit's within the 128 answers that the system bus lets us wait for */
#define SUBSCRIBER_PINGS_PER_UID_MAX 8 /* of a user other than root; root has as many more to itself */
#define SIGNAL_BYTES 512               /* what a signal costs besides the chunk in it */
#define SUBSCRIBER_ANSWERS_MAX \
        1024                      /* polkit's, kept per subscriber: one per client, command and container */
#define WATCHED_COMMANDS_MAX 1024 /* command objects whose changes are announced one by one */
#define CALLERS_REMEMBERED_MAX 1024 /* connections whose user and program are known */

/* Parked D-Bus requests: waiting for polkit, the store or a command's end. */
#define REQUESTS_PARKED_MAX 8192
#define REQUESTS_PARKED_PER_UID_MAX 1024 /* one user cannot take all of these places (root can) */
#define POLKIT_QUESTIONS_MAX \
        100 /* open at polkit; the system bus lets nobody wait for more than 128 answers */
#define POLKIT_QUESTIONS_PER_UID_MAX 10        /* a user's own polkit agent may never answer */
#define POLKIT_TIMEOUT_USEC (120ull * 1000000) /* a person types a password */
#define AGENT_CALLS_MAX 256        /* of org.mclient1, until they are answered: four times what may run */
#define AGENT_CALLS_PER_UID_MAX 32 /* of a user other than root, who cannot take all of these */
#define BUS_RETRY_MSEC 1000        /* until a bus that went away is tried again: the cost of a connect() */
#define BUS_JOIN_TIMEOUT_USEC \
        (5ull *               \
         1000000) /* for the bus to give us our name, which the loop waits for: well within WatchdogSec= */

/* Store and audit threads: what may wait before callers are refused. */
#define DATABASE_CHECK_BYTES \
        (256ull * 1024 * 1024) /* up to here every page is looked at before a start: under a second */
#define STORE_QUEUE_MAX 65536
#define AUDIT_QUEUE_MAX 65536
#define STORE_GROUP_MAX 4096 /* tasks of one transaction: about 40 ms, which the last one's caller waits */
#define AUDIT_GROUP_MAX 64   /* entries between two reports to the loop: under 2 ms of a healthy journald */
#define AUDIT_CATCH_UP_MSEC \
        20000 /* for journald to come to what an earlier run sent: it was killed in a broadcast, maybe */
#define AUDIT_VALUE_MAX (64u * 1024) /* bytes of one field; more is cut and marked */
#define AUDIT_FIELDS_MAX 32          /* of one entry; the most that names.h's events have is 14 */
#define AUDIT_HEAD_MSEC 1000  /* until the trail's end is noted in the store: the journal itself has it */
#define AUDIT_ADOPT_MAX 10000 /* of the server's lines, for one of the trail: of all before, none may be */
#define AUDIT_READ_FIELDS_MAX 64  /* of an entry that is read back: twice what one of ours can have */
#define AUDIT_PROBLEMS_MAX 1000   /* of a trail, shown one by one; more are counted */
#define AUDIT_GAPS_MAX 1000       /* in a trail, kept open for entries that stand further on */
#define AUDIT_INSTANCES_MAX 64    /* stores that the entries of one journal may be of */
#define AUDIT_EVENTS_MAX 1000     /* values of MSERVER_EVENT= that the journal is asked for one by one */
#define AUDIT_HEAD_WAIT_MSEC 5000 /* for journald to come to the entry that the server says is its newest */
#define AUDIT_SHOWN_MAX 200       /* bytes of somebody else's text in a report on the trail */

/* Agent. */
#define LOG_LINES_DEFAULT 100
#define LOG_LINES_MAX 10000
#define LOG_SINCE_MAX_SEC \
        (10 * 365 * 86400)           /* older than any log; keeps sums of seconds far from overflow */
#define STOP_TIMEOUT_DEFAULT_SEC 300 /* docker's 10 s corrupt a node's database */
#define STOP_TIMEOUT_MAX_SEC 3600
#define AGENT_OUTPUT_BYTES_MAX (256u * 1024) /* of a command's output kept for its result, the newest */
#define OUTPUT_TICK_MSEC 50                  /* output is sent on in turns: soon enough for a person */
#define OUTPUT_HOLD_SEC 30                   /* commands that print wait for a server that went away */
#define OUTPUT_CHUNKS_PER_TICK 4             /* that is 80 messages a second, within MESSAGES_PER_SECOND */
#define AGENT_COMMANDS_MAX 64                /* side by side */
#define AGENT_JOBS_MAX \
        512 /* what a server has in flight here (256), and as many that it has given up meanwhile */
#define AGENT_OUTCOMES_MAX \
        1024u /* that the server has not acknowledged: four times what it has in flight here, 256 MiB at worst */
#define AGENT_LEDGER_KEEP 10000 /* outcomes remembered for repeated ids */
#define RECONNECT_FIRST_MSEC \
        3000 /* the first try after a session that lasted: a fleet spreads itself over it */
#define RECONNECT_MIN_MSEC 1000
#define RECONNECT_MAX_MSEC 60000
#define SESSION_LASTED_SEC 30               /* a registered session that held so long was a success */
#define CONNECT_TIMEOUT_SEC 10              /* for one address, until the upgrade is answered */
#define SERVER_ADDRESSES_MAX 16             /* tried in one attempt */
#define HEARTBEAT_SEC 30                    /* without anything else sent */
#define AGENT_SEND_HIGH_BYTES (256u * 1024) /* waiting to be sent: stop reading output at its source */
#define AGENT_SEND_LOW_BYTES (64u * 1024)   /* read on */
#define PROGRESS_DELAY_MSEC 100 /* a quicker command answers with its response alone: half the messages */
#define LEDGER_RESULTS_KEEP \
        256                 /* acknowledged outcomes with their results; older ones keep state and error */
#define LEDGER_RETRY_SEC 10 /* until an outcome that could not be written is tried again */
#define RPC_ANSWER_BYTES_MAX (256u * 1024) /* of a node; rpc_methods is the longest, some 5 KiB */
#define RPC_ANSWER_VALUES_MAX \
        4096 /* of all that comes at once; 8 answers of each of 8 nodes may be there, 2 MB each at worst */
#define RPC_TIMEOUT_SEC 60             /* for a node to answer; busy ones take seconds */
#define NODE_ADDRESSES_MAX 4           /* of a node, tried before a process is started beside it */
#define NODE_CONNECT_TIMEOUT_MSEC 1000 /* on this host: what does not answer at once is filtered away */
#define NODE_ANSWER_SEC 5              /* for a node to say how it does */
#define NODE_LOOK_SEC 10   /* and for all of it: no status and no sample waits longer for a node */
#define NODE_LOOKS_MAX 8   /* at once, each up to a process in docker */
#define NODE_REFRESH_SEC 9 /* a picture of a node is younger at every sample of the default interval */
#define NODE_SLOW_SEC 60   /* era and authorship, which costs the node some ms */
#define NODE_INSIDE_SPACING_SEC \
        80 /* between two looks by docker exec that nobody asked for, each some 0.4 s of CPU: 0.5 % of a core */
#define ROTATE_INTERVAL_DEFAULT_SEC 3600 /* new keys count from the next session but one, in hours */
#define ROTATIONS_KEEP 1000              /* remembered, for the time of the last one of each node */
#define ROTATION_LATE_SEC 15             /* for the engine, on top of RPC_TIMEOUT_SEC: then a call is over */
#define ROTATION_PATIENCE_SEC 120   /* after a start of the agent containers may only just be starting */
#define ROTATION_LOOK_PATIENT_SEC 5 /* between two looks meanwhile */
#define ROTATION_LOOK_MSEC 1000     /* between two looks for the keys of a call without an answer */
#define ROTATION_LOOK_SLOW_SEC 60   /* and later, until the container runs again */
#define SESSION_KEYS_MAX 16         /* keys in one rotation; runtimes have 3 to 6 */
#define KEYSTORE_LISTING_BYTES_MAX \
        (1024u * 1024) /* names of 73 bytes, three a rotation: a rotation an hour for years */
#define OUTBOX_RECORDS_MAX \
        10000u /* keys and backups that wait for the server: ten a day for three years, 5 MB */
#define OUTBOX_IN_FLIGHT_MAX 32 /* of different containers, sent and not yet acknowledged */
#define OUTBOX_PAUSE_MSEC 20    /* between two records: half of MESSAGES_PER_SECOND */
#define OUTBOX_RESEND_SEC 60    /* a server that could not take a record is given it again */
#define STATS_BACKLOG_BYTES_MAX (4u * 1024 * 1024) /* 360 samples of a usual host are 2 MB */
#define DOCKER_RESPONSE_MAX (8u * 1024 * 1024)
#define DOCKER_STREAM_BUFFER_BYTES \
        (32u * 1024)          /* of a stream, read but not handed over; as text, thrice as much at worst */
#define DOCKER_TIMEOUT_SEC 60 /* for what the engine knows at once; a host out of memory takes long */
#define DOCKER_START_TIMEOUT_SEC 180 /* mounts and networks; on top of the time to stop */
#define EXEC_ENDED_POLL_MSEC 100     /* the output has ended, the engine does not know the exit code yet */
#define EXEC_TERM_GRACE_SEC 5        /* from SIGTERM to SIGKILL, and from there to giving up */
#define SAMPLED_CONTAINERS_MAX 256   /* of some 400 bytes each: well within STATS_BYTES_MAX */
#define SAMPLER_CALLS_MAX 32         /* at once; each is a connection, and takes the engine up to a second */
#define STATS_INTERVAL_DEFAULT_SEC 10
#define STATS_BACKLOG_MAX 360       /* an hour at the default interval, oldest dropped first */
#define SUMMARY_SEC 60              /* what a summary is over, or one sample where these are rarer */
#define SUMMARY_BACKLOG_MAX 240     /* four hours; with the samples well within MESSAGES_BURST */
#define PAYOUT_INFO_SEC 3600        /* between two runs of payout_info; eras are six hours and more */
#define PAYOUT_INFO_FIRST_SEC 2     /* after a start */
#define PAYOUT_INFO_BYTES_MAX 65536 /* of what it prints: with all else well within STATS_BYTES_MAX */
#define TEMPERATURE_ZONES_MAX 64    /* of a host; large ones have some twenty */

/* Backups of keystores. */
#define TAR_NAME_MAX 4096 /* PATH_MAX; pax knows no bound */
#define KEYSTORE_BYTES_MAX \
        (8u * 1024 * 1024)    /* as an archive, held in memory: 8,000 keys, 2,600 rotations */
#define KEYSTORE_READ_TRIES 3 /* until it is twice the same; a rotation writes for some ms */
#define BACKUP_RECORD_BYTES_MAX (2u * 1024 * 1024) /* a line for each of these */
#define BACKUPS_PER_SECOND_MAX 100 /* of one container: files of the same second get a suffix */
#define BACKUP_KEEP_DEFAULT 10
#define BACKUP_KEEP_MAX 100000

/* Commands of the operator's own. */
#define SCRIPTS_MAX 64 /* declared; with the built-in ones within OFFERED_COMMANDS_MAX */
#define SCRIPT_PARAMS_MAX 32
#define SCRIPT_PATTERN_MAX 1024 /* of one regular expression, tried on PARAM_BYTES_MAX at most */
#define SCRIPT_OUTPUT_DEFAULT (1024u * 1024) /* passed on; what is beyond is read and thrown away */
#define SCRIPT_OUTPUT_MAX (1024u * 1024 * 1024)
#define SCRIPT_FRAME_BYTES_MAX \
        (512u * 1024) /* a request: PARAMS_BYTES_MAX, which escapes in JSON make up to six times as long */
#define SCRIPT_REQUEST_SEC 10 /* for the agent to say what it wants */
#define SCRIPT_UNSENT_BYTES_MAX \
        (64u * 1024)         /* read from a script and not taken by the agent: then it waits */
#define SCRIPT_GRACE_SEC 5   /* from SIGTERM to SIGKILL, and from there to giving up */
#define SCRIPT_LATE_SEC 30   /* more than the agent's own timeout, so that this one ends it with a reason */
#define SCRIPT_LOOK_MSEC 500 /* between two looks at whether another helper still holds its lock */
#define SCRIPT_RETRY_SEC 10  /* for the outcome of a script, where the helper cannot be asked */
#define SCRIPT_RECORDS_KEEP 4096u /* ids that are not run again, whatever the agent forgets */
#define SCRIPT_OUTPUTS_KEEP 64u   /* of these with what they printed (AGENT_OUTPUT_BYTES_MAX each) */

/* History of statistics (daemon/logic/history-block.h). */
#define HISTORY_RAW_KEEP_SEC (4u * 3600)
#define HISTORY_MINUTE_KEEP_SEC (3u * 86400)
#define HISTORY_QUARTER_KEEP_SEC (100u * 86400)
#define HISTORY_CONTAINERS_MAX 16 /* of one client, those that it names first */
#define HISTORY_METRICS_MAX 16    /* of one container, or of the host */
#define HISTORY_SERIES_MAX (HISTORY_METRICS_MAX * (HISTORY_CONTAINERS_MAX + 1))
#define HISTORY_NAME_MAX 255 /* of a series: CONTAINER_NAME_MAX, and what is measured */
#define HISTORY_PENDING_MAX \
        32 /* samples of a client in memory: HISTORY_FLUSH_SEC of them, ten seconds apart */
#define HISTORY_FLUSH_SEC 300   /* until they are in the database: what a power cut may cost */
#define HISTORY_FLUSHES_MAX 128 /* clients a second: 20,000 have their turn within HISTORY_FLUSH_SEC */
#define HISTORY_BYTES_DEFAULT \
        (2ull * 1024 * 1024 * \
         1024) /* of the database: 2,700 clients of two nodes, more are kept for less long */
#define HISTORY_BYTES_MIN (16ull * 1024 * 1024)
#define HISTORY_TRIM_SEC 60 /* between two looks at what is too old, or too much */
#define HISTORY_TRIM_ROWS \
        2000 /* that go in one of these: six times as many as 5,000 clients make meanwhile */
#define HISTORY_POINTS_DEFAULT 240
#define HISTORY_POINTS_MAX \
        1000 /* of one series: with HISTORY_SERIES_MAX of them 2 MB, below what the bus carries */
#define HISTORY_AHEAD_SEC 60 /* a client's clock that is further ahead is not believed */

/* Commands that have ended (daemon/command/retention.h). */
#define COMMANDS_KEEP_DEFAULT_USEC \
        (400ull * 86400 * 1000000) /* a year, and what a month's delay in asking takes */
#define OUTPUTS_KEEP_DEFAULT_USEC (30ull * 86400 * 1000000) /* up to 256 KiB each */
#define RETENTION_MIN_USEC (86400ull * 1000000)
#define RETENTION_MAX_USEC (36500ull * 86400 * 1000000)
#define FORGET_SEC 60
#define FORGET_ROWS 1000 /* of each table in one of these: 1.4 million commands a day */

/* Alerts. */
#define ALERTS_MAX 20000         /* that last at one time: a whole fleet that is offline */
#define ALERTS_PER_CLIENT_MAX 64 /* all kinds of some eight containers; a client makes no more of itself */
#define ALERTS_PAST_DEFAULT 100
#define ALERTS_PAST_MAX 5000    /* cleared ones that the store keeps, some 1 MB */
#define ALERT_CONTAINERS_MAX 64 /* of one client, those that it names first */
#define ALERT_MESSAGE_MAX 512
#define ALERT_CLEAR_DEFAULT_USEC (60ull * 1000000)
#define ALERT_EVENTS_DEFAULT_USEC (24ull * 3600 * 1000000)
#define ALERT_TIME_MAX_USEC (366ull * 24 * 3600 * 1000000) /* of any time in [Alerts] */
#define ALERT_TICK_MSEC 1000                               /* between two looks at what no sample tells of */
#define SILENCES_MAX 256 /* each alert is held against all of them when it is raised */
#define SILENCE_MAX_USEC (90ull * 24 * 3600 * 1000000) /* what nobody ends ends by itself */
#define SILENCE_COMMENT_MAX 256

/* Metrics for Prometheus. */
#define METRICS_SERIES_MAX 50000 /* 4 MB of text, written in one turn of the loop: some 20 ms */
#define METRICS_CONNECTIONS_MAX 16
#define METRICS_TIMEOUT_SEC 10 /* for a scrape, from its connection on: Prometheus' own default */
#define METRICS_REQUEST_BYTES_MAX 8192

/* Notices of alerts. */
#define NOTIFY_TARGETS_MAX 16 /* [Notify NAME] sections: each has one request under way */
#define NOTIFY_WAITING_MAX \
        1000 /* for one target, oldest dropped first; of some 500 bytes each, in memory and on disk */
#define NOTIFY_RETRY_MIN_MSEC 1000
#define NOTIFY_RETRY_MAX_MSEC (5u * 60 * 1000)
#define NOTIFY_RETRY_AFTER_MAX_SEC \
        3600                  /* a target that wants more patience than this has it in several steps */
#define NOTIFY_CONNECT_SEC 10 /* name, address and TLS of a target */
#define NOTIFY_HTTP_SEC 30    /* for a target to take a notice */
#define NOTIFY_ANSWER_SEC \
        45 /* for mserver-notify to say what became of it, which it does after NOTIFY_HTTP_SEC */
#define NOTIFY_REFRESH_SEC \
        60 /* between two times that an Alertmanager is told what lasts; its resolve_timeout is 5 min */
#define NOTIFY_REFRESH_MAX 100 /* alerts in one request */
#define NOTIFY_RESPONSE_BYTES_MAX 65536
#define NOTIFY_LINE_BYTES_MAX \
        (1024u * 1024) /* NOTIFY_REFRESH_MAX of them; a tenth of this with usual messages */
#define NOTIFY_LINGER_SEC \
        60 /* that mserver-notify waits for a new server, knowing what it told the last one */
#define NOTIFY_TOLD_KEEP 256u /* notices that it does not tell again meanwhile */

/* Local files. */
#define PEM_BYTES_MAX (256u * 1024)          /* a chain of certificates is a tenth of this */
#define CONFIG_FILE_BYTES_MAX (1024u * 1024) /* systemd's own bound on a line of one */
#define CREDENTIAL_BYTES_MAX (64u * 1024)    /* a token or a key; systemd itself passes at most 1 MiB */

#endif

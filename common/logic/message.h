/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The wire format (docs/PROTOCOL.md): JSON text to a typed message and back. Bytes in, bytes out. */
#pragma once

#include <glib.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "message-types.h"
#include "state.h"

/* Strings and objects point into root and live as long as the message; what the peer left out, sent as null or
 * as an empty string is NULL or 0. Strings are one line of UTF-8 of at most MESSAGE_FIELD_MAX bytes, except
 * output, error, text, message and detail: these are free text. */
typedef struct Message {
        json_object *root;
        MessageType type;
        const char *type_name;
        union {
                struct {
                        const char *server_id, *version, *host_name;
                        json_object *labels;   /* object of strings, or NULL */
                        json_object *commands; /* array of strings, or NULL */
                        unsigned features;
                } reg;
                struct {
                        bool success;
                        const char *text;
                        unsigned features;
                } register_ack;
                struct {
                        int64_t sequence, timestamp_ms; /* the latter of stats; 0: it does not say */
                        json_object *body;              /* stats: its "data"; summary: the whole message */
                } stats;                                /* STATS, SUMMARY and their acks */
                struct {
                        const char *id, *command, *target, *caller; /* caller: a user id on the server */
                        json_object *params;
                        int64_t timestamp_ms, deadline_ms; /* both by the server's clock */
                } command;
                struct {
                        const char *id;
                        uint64_t offset;
                        const char *output; /* may hold NUL bytes */
                        size_t output_size;
                } progress;
                struct {
                        const char *id;
                } cancel; /* COMMAND_CANCEL, COMMAND_ACK */
                struct {
                        const char *id;
                        uint64_t offset;
                } flow;
                struct {
                        const char *id;
                        CommandState status;
                        json_object *result;
                        uint64_t output_bytes; /* printed in all; the result has the last part of it */
                        const char *error;
                } response;
                struct {
                        const char *id, *container, *session_key, *action;
                        int64_t timestamp_ms;
                        bool success; /* of the ack; its only other fields are id and container */
                } key_update;
                struct {
                        const char *id, *container, *backup_file, *sha256;
                        int64_t timestamp_ms, size;
                        bool success; /* as in key_update */
                } backup;
                struct {
                        const char *request; /* of CERTIFICATE_REQUEST: PKCS #10; both are PEM, so free text */
                        const char *certificate;
                } certificate;
                struct {
                        const char *message, *detail;
                } error;
        };
} Message;

/* Parses one message. Rejects, with FLEET_ERROR_PROTOCOL naming the field, its value and what was expected:
 * invalid UTF-8, what is not one JSON object, more than the MESSAGE_… limits, no string "type", a field that
 * is missing or of the wrong type, an id or name that is not one. Fields that we do not know are ignored. */
Message *message_parse(const char *text, size_t size, GError **error);
Message *message_free(Message *m);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Message, message_free)

/* What an agent may answer a server that announced these features: the statuses which came with
 * FEATURE_CANCEL are COMMAND_FAILED without it. */
CommandState message_response_state(CommandState state, unsigned peer_features);

/* Each returns new JSON text (g_free()), without NULL strings and 0 features. Times are ms since the epoch. */
char *message_register(const char *id, const char *version, const char *host_name, json_object *labels,
                       json_object *commands, unsigned features, int64_t now_ms);
char *message_register_ack(const char *id, bool success, const char *text, unsigned features,
                           int64_t now_ms);
char *message_pong(int64_t now_ms);
char *message_heartbeat(int64_t now_ms);
char *message_heartbeat_ack(int64_t now_ms);
char *message_stats(const char *id, int64_t sequence, int64_t interval_sec, json_object *data,
                    int64_t now_ms);
char *message_stats_ack(int64_t sequence, int64_t now_ms);
char *message_summary_ack(int64_t sequence, int64_t now_ms); /* 0: the summary had none */
char *message_command(const char *id, const char *command, const char *target, json_object *params,
                      int64_t deadline_ms, const char *caller, int64_t now_ms);
char *message_command_cancel(const char *id);
char *message_command_flow(const char *id, uint64_t offset);
char *message_command_progress(const char *id, uint64_t offset, const char *output, size_t size);
char *message_command_response(const char *id, CommandState status, json_object *result,
                               uint64_t output_bytes, const char *error, int64_t now_ms);
char *message_command_ack(const char *id, int64_t now_ms);
char *message_key_update(const char *id, const char *container, const char *session_key, const char *action,
                         int64_t timestamp_ms);
char *message_key_update_ack(const char *id, const char *container, int64_t now_ms);
char *message_backup_complete(const char *id, const char *container, const char *backup_file,
                              const char *sha256, int64_t size, int64_t timestamp_ms);
char *message_backup_complete_ack(const char *id, const char *container, int64_t now_ms);
char *message_certificate_request(const char *request_pem);
char *message_certificate(const char *certificate_pem);
char *message_error(const char *message, const char *detail);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of alerts share: who is watched, and what is known of each. */
#pragma once

#include "alert-measure.h"
#include "alerts.h"

/* One thing that conditions are of: a client, one of its containers, the server. */
typedef struct AlertSpot {
        const char *client, *container; /* "": not of one */
        AlertCondition conditions[_ALERT_KIND_MAX];
        const AlertRecord *alerts[_ALERT_KIND_MAX]; /* the book's; NULL: not raised */
} AlertSpot;

typedef struct AlertContainer {
        AlertSpot spot;
        char *name;
        AlertSeen seen;
        uint64_t key, backup; /* realtime µs of the latest, 0: never */
        unsigned sample;      /* of the client: the last one that it was in; 0: none */
        uint64_t gone_usec;   /* since when it is in none; 0: it is */
} AlertContainer;

typedef struct AlertClient {
        AlertSpot spot;
        const Client *client;
        GHashTable *containers; /* name → AlertContainer */
        unsigned samples;
} AlertClient;

/* What has happened to a command, or to the trail, and is not over. */
typedef struct AlertEvent {
        const AlertRecord *alert;
        uint64_t last; /* realtime µs: it has happened again */
} AlertEvent;

struct Alerts {
        Loop *loop;
        Store *store;
        Audit *audit;
        Fleet *fleet;
        Silences *silences;
        AlertBook *book;
        AlertRules rules;
        GHashTable *clients; /* id → AlertClient */
        GHashTable *away;    /* set of AlertClient that may be offline */
        GHashTable *events;  /* "KIND CLIENT CONTAINER SUBJECT" → AlertEvent */
        AlertSpot server;
        uint64_t certificate_expires;
        bool broken_seen;
        LoopTimer *tick;
};

/* Takes a value of a kind (alert_condition_look()); object: alert_text()'s. */
void alerts_look(Alerts *a, AlertSpot *s, AlertKind kind, uint64_t value, uint64_t at, json_object *object);
/* All that is of it is over. */
void alerts_end(Alerts *a, AlertSpot *s);
/* An alert of an earlier run. False: there is another one already. */
bool alerts_adopt(AlertSpot *s, AlertKind kind, const AlertRecord *record);

/* alert-watch.c: clients and their containers */
extern const FleetObserver alerts_watch_observer;
AlertClient *alerts_client(Alerts *a, const Client *c); /* made where it is missing */
/* NULL: there is no room for it. */
AlertContainer *alerts_container(Alerts *a, AlertClient *c, const char *name);
void alerts_watch_tick(Alerts *a);
void alerts_client_free(void *p);

/* alert-events.c: what happens once */
void alerts_command_ended(Alerts *a, const CommandRecord *r);
void alerts_events_tick(Alerts *a);
void alerts_events_adopt(Alerts *a, AlertKind kind, const AlertRecord *record);
/* Of a client that is forgotten, or (NULL) of the kinds that are turned off. */
void alerts_events_end(Alerts *a, const char *client);

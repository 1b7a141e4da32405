/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A polkit authority that answers what the test wants, and writes down what it was asked. */
#pragma once

#include <glib.h>

#include "private-bus.h"

typedef struct FakePolkit FakePolkit;

FakePolkit *fake_polkit_new(Loop *l, PrivateBus *b);
FakePolkit *fake_polkit_free(FakePolkit *p);

/* What it says from now on to an action ("yes", "no", "challenge", "dismissed", "hold": nothing yet, "fail": an error);
 * NULL: to every action that was not named. It starts with no. */
void fake_polkit_say(FakePolkit *p, const char *action, const char *answer);
/* Answers all that it holds. */
void fake_polkit_release(FakePolkit *p, const char *answer);
unsigned fake_polkit_held(const FakePolkit *p);
/* Its rules have changed. */
void fake_polkit_changed(FakePolkit *p);

/* What it was asked since the last call, a line each: "ACTION client=… command=… container=… selector=…[ interactive]", or
 * "cancelled". New string. */
char *fake_polkit_take_log(FakePolkit *p);

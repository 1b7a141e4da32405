/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The words of the wire that the parser and the formatter share. */
#pragma once

#include "message.h"

/* By MessageType; none for MESSAGE_UNKNOWN. */
extern const char *const message_type_names[MESSAGE_UNKNOWN];

typedef struct FeatureName {
        Feature feature;
        const char *name;
} FeatureName;

/* Ended by a NULL name. */
extern const FeatureName message_feature_names[];

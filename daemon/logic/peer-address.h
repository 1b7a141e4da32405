/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a connection comes from: for people, and for counting. */
#pragma once

#include <stdbool.h>
#include <sys/socket.h>

#define PEER_ADDRESS_SIZE 64 /* an IPv6 address with a zone, or "/64" */

typedef struct PeerAddress {
        char text[PEER_ADDRESS_SIZE]; /* numeric, without port; IPv4 also where it came over an IPv6 socket */
        char key[PEER_ADDRESS_SIZE];  /* whose it is: the IPv4 address, or the IPv6 network of 64 bits, which
                                         one host has to itself */
} PeerAddress;

/* "unknown" for other families. */
void peer_address_from(const struct sockaddr_storage *sa, PeerAddress *ret);

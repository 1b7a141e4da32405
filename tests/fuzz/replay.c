/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Feeds a fuzz target the inputs of a directory, each as it is and cut short in the middle, and prints TAP: the corpus as
 * a test, with any compiler. */
#include <glib.h>
#include <stdio.h>
#include <string.h>

#include "fuzz.h"

/* From a block of just its size, so that the sanitizer sees a byte read beyond it. */
static void feed(const char *text, size_t size) {
        g_autofree uint8_t *exact = g_malloc(MAX(size, 1)); /* libFuzzer's is never NULL either */

        memcpy(exact, text, size);
        (void) LLVMFuzzerTestOneInput(exact, size);
}

int main(int argc, char *argv[]) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GDir) dir = NULL;
        const char *name;
        unsigned n = 0;

        if (argc != 2 || !(dir = g_dir_open(argv[1], 0, &error))) {
                fprintf(stderr, "%s\n", error ? error->message : "Usage: replay-TARGET DIRECTORY");
                return EXIT_FAILURE;
        }
        while ((name = g_dir_read_name(dir))) {
                g_autofree char *path = g_build_filename(argv[1], name, NULL), *text = NULL;
                gsize size;

                if (!g_file_get_contents(path, &text, &size, &error)) {
                        fprintf(stderr, "%s\n", error->message);
                        return EXIT_FAILURE;
                }
                feed(text, size);
                feed(text, size / 2);
                printf("ok %u - %s\n", ++n, name);
                fflush(stdout);
        }
        printf("1..%u\n", n);
        return n > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

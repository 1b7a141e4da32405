/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fuzzes the reader of the archives that come out of containers: each entry lies within the archive. */
#include <string.h>

#include "fuzz.h"
#include "limits.h"
#include "tar-read.h"

/* Checksums of all blocks that may be headers are put right first: else nearly every input ends there. */
static void mend(uint8_t *data, size_t size) {
        for (size_t at = 0; at + TAR_BLOCK <= size; at += TAR_BLOCK) {
                unsigned sum = 0;
                char text[8];

                if (memcmp(data + at + 257, "ustar", 5) != 0)
                        continue;
                memset(data + at + 148, ' ', 8);
                for (unsigned i = 0; i < TAR_BLOCK; i++)
                        sum += data[at + i];
                (void) g_snprintf(text, sizeof(text), "%06o", sum);
                memcpy(data + at + 148, text, 7);
        }
}

static void read_all(const uint8_t *data, size_t size) {
        g_autoptr(TarReader) r = tar_reader_new(data, size);
        g_autoptr(GError) error = NULL;
        TarStep step;
        TarEntry e;

        while ((step = tar_reader_next(r, &e, &error)) == TAR_ENTRY) {
                g_assert_cmpuint(strlen(e.name), <=, TAR_NAME_MAX);
                if (e.size > 0) {
                        g_assert_true((const uint8_t *) e.data >= data);
                        g_assert_true((const uint8_t *) e.data + e.size <= data + size);
                }
        }
        g_assert_true((step == TAR_BROKEN) == (error != NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        g_autofree uint8_t *mended = g_malloc(MAX(size, 1));

        memcpy(mended, data, size);
        read_all(data, size);
        mend(mended, size);
        read_all(mended, size);
        return 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One line typed on the terminal, by libedit (editline(3)): with history kept in a file, and completion. */
#include "line-editor.h"

#include <histedit.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define HISTORY_LINES 1000
#define PROGRAM "mserverctl"

struct LineEditor {
        EditLine *edit;
        History *history;
        char *history_file; /* NULL: there is no place for it */
        const char *prompt;
        const CompleteSource *source;
        bool gave_up; /* the line that is being read, by Ctrl-C */
};

static LineEditor *editor_of(EditLine *edit) {
        void *editor = NULL;

        (void) el_get(edit, EL_CLIENTDATA, &editor);
        return editor;
}

static char *get_prompt(EditLine *edit) {
        return (char *) editor_of(edit)->prompt;
}

/* What is common to the beginning of all words. */
static size_t common_length(char **words) {
        size_t length = strlen(words[0]);

        for (char **word = words + 1; *word; word++)
                while (strncmp(words[0], *word, length) != 0)
                        length--;
        return length;
}

static void show_choices(EditLine *edit, char **words) {
        (void) fputc('\n', stdout);
        for (char **word = words; *word; word++)
                (void) printf("%s%s", word == words ? "" : "  ", *word);
        (void) fputc('\n', stdout);
        (void) fflush(stdout);
}

/* The words before the cursor, as the shell would take them apart: prefix is what is typed of the last. An open quote makes
 * this impossible. */
static char **split(const char *text, char **ret_prefix) {
        g_auto(GStrv) words = NULL;
        unsigned n;

        if (text[strspn(text, " ")] == '\0' || g_str_has_suffix(text, " ")) {
                *ret_prefix = g_strdup("");
                return g_shell_parse_argv(text, NULL, &words, NULL) ? g_steal_pointer(&words)
                                                                    : g_new0(char *, 1);
        }
        if (!g_shell_parse_argv(text, NULL, &words, NULL))
                return NULL;
        n = g_strv_length(words);
        *ret_prefix = g_steal_pointer(&words[n - 1]);
        return g_steal_pointer(&words);
}

static unsigned char complete(EditLine *edit, int key) {
        LineEditor *e = editor_of(edit);
        const LineInfo *line = el_line(edit);
        g_autofree char *text = g_strndup(line->buffer, (size_t) (line->cursor - line->buffer)),
                        *prefix = NULL;
        g_auto(GStrv) words = split(text, &prefix), found = NULL;
        g_autofree char *more = NULL;
        size_t known, common;

        if (!words)
                return CC_ERROR;
        found = complete_words((const char *const *) words, prefix, true, e->source);
        if (!found[0])
                return CC_ERROR;
        known = strlen(prefix);
        common = common_length(found);
        more = g_strdup_printf("%.*s%s", (int) (common - known), found[0] + known, found[1] ? "" : " ");
        if (more[0])
                return el_insertstr(edit, more) == 0 ? CC_REFRESH : CC_ERROR;
        show_choices(edit, found);
        return CC_REDISPLAY;
}

/* Ctrl-C gives up the line. */
static unsigned char give_up(EditLine *edit, int key) {
        const LineInfo *line = el_line(edit);

        editor_of(edit)->gave_up = true;
        (void) el_cursor(edit, (int) (line->lastchar - line->cursor));
        el_deletestr(edit, (int) (line->lastchar - line->buffer));
        (void) fputs("^C\n", stdout);
        (void) fflush(stdout);
        return CC_NEWLINE;
}

static char *find_history_file(void) {
        g_autofree char *directory = g_build_filename(g_get_user_state_dir(), PROGRAM, NULL);

        if (g_mkdir_with_parents(directory, 0700) < 0)
                return NULL;
        return g_build_filename(directory, "history", NULL);
}

static void open_history(LineEditor *e) {
        HistEvent event;

        e->history = history_init();
        e->history_file = find_history_file();
        (void) history(e->history, &event, H_SETSIZE, HISTORY_LINES);
        (void) history(e->history, &event, H_SETUNIQUE, 1);
        if (e->history_file)
                (void) history(e->history, &event, H_LOAD, e->history_file);
        (void) el_set(e->edit, EL_HIST, history, e->history);
}

LineEditor *line_editor_new(const char *prompt, const CompleteSource *source) {
        LineEditor *e = g_new0(LineEditor, 1);

        e->prompt = prompt;
        e->source = source;
        e->edit = el_init(PROGRAM, stdin, stdout, stderr);
        (void) el_set(e->edit, EL_CLIENTDATA, e);
        (void) el_set(e->edit, EL_PROMPT_ESC, get_prompt, '\1');
        (void) el_set(e->edit, EL_EDITOR, "emacs");
        open_history(e);
        (void) el_set(e->edit, EL_ADDFN, "complete-word", "Complete the word", complete);
        (void) el_set(e->edit, EL_ADDFN, "give-up", "Give up the line", give_up);
        (void) el_set(e->edit, EL_BIND, "^I", "complete-word", NULL);
        /* As a key, Ctrl-C cannot hit a command that runs later. */
        (void) el_set(e->edit, EL_SETTY, "-d", "-isig", NULL);
        (void) el_set(e->edit, EL_BIND, "^C", "give-up", NULL);
        (void) el_source(e->edit, NULL);
        return e;
}

LineEditor *line_editor_free(LineEditor *e) {
        HistEvent event;

        if (!e)
                return NULL;
        if (e->history_file)
                (void) history(e->history, &event, H_SAVE, e->history_file);
        history_end(e->history);
        el_end(e->edit);
        g_free(e->history_file);
        g_free(e);
        return NULL;
}

char *line_editor_read(LineEditor *e) {
        HistEvent event;
        const char *text;
        char *line;
        int n;

        e->gave_up = false;
        el_resize(e->edit);
        text = el_gets(e->edit, &n);
        if (e->gave_up)
                return g_strdup("");
        if (!text || n <= 0)
                return NULL;
        line = g_strchomp(g_strndup(text, (size_t) n));
        if (line[0])
                (void) history(e->history, &event, H_ENTER, line);
        return line;
}

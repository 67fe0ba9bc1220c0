/*
 * quiet: findings that are not reported, because of --ignore, a comment in the
 * file, or a baseline.
 */
#ifndef MCFG_SUPPRESSION_H
#define MCFG_SUPPRESSION_H

#include "base/buf.h"
#include "base/mem.h"
#include "finding/finding.h"

/*
 * quiet_check_ignore() checks a value of --ignore, such as
 * "weak-key,signed:vendor/..".  Returns NULL, or what is wrong with it.
 */
const char *quiet_check_ignore(const char *list);

/*
 * quiet_ignores() returns true if one of the lists has the finding's rule,
 * alone or with a pattern that matches the file.  A pattern without a slash is
 * compared with the last part of the file's name.
 */
bool quiet_ignores(const struct strings *lists,
    const struct finding *f);

/* The comments of all files. */
struct quiet_comment;
struct quiet_comments {
	struct quiet_comment *v;
	size_t n;
};
void quiet_comments_free(struct quiet_comments *c);
#define auto_quiet_comments AUTO(quiet_comments_free) struct quiet_comments

/*
 * quiet_read_comments() adds the comments "mcfg-lint: ignore RULE..." of an
 * XML plist or of YAML, each of which is for the next element.  file is
 * borrowed: it must outlive c.  A comment without the name of a rule gets a
 * warning, once for each file.
 */
void quiet_read_comments(const struct buf *in, const char *file,
    struct quiet_comments *c);

bool quiet_is_commented(const struct quiet_comments *c,
    const struct finding *f);

/*
 * A baseline has lines of rule, file and JSON pointer, separated by tabs and
 * sorted; each entry silences one finding.  quiet_baseline_read() returns
 * FAULT if the file cannot be read and MALFORMED if it is not a baseline.
 */
struct quiet_entry;
struct quiet_baseline {
	struct quiet_entry *v;
	size_t n;
};
void quiet_baseline_free(struct quiet_baseline *b);
#define auto_quiet_baseline AUTO(quiet_baseline_free) struct quiet_baseline

enum status quiet_baseline_read(const char *path, struct quiet_baseline *b)
    USE_RESULT;

/*
 * Returns true if there is an unused entry for f, and marks that entry as
 * used.
 */
bool quiet_baseline_takes(struct quiet_baseline *b,
    const struct finding *f);

/* Returns the number of unused entries. */
size_t quiet_baseline_left(const struct quiet_baseline *b);

/*
 * Returns false for a rule that neither a comment nor a baseline can silence.
 */
bool quiet_may_be(enum finding_rule rule);

/* Appends the findings of this severity or above, in the form of a baseline. */
void quiet_baseline_write(const struct findings *f,
    enum finding_severity least, struct buf *out);

#endif

/*
 * suppression: findings that are not reported, because of --ignore, a comment
 * in the file, or a baseline.
 */
#ifndef MCFG_SUPPRESSION_H
#define MCFG_SUPPRESSION_H

#include "base/buf.h"
#include "base/mem.h"
#include "finding/finding.h"

/*
 * ignore_check() checks a value of --ignore, such as
 * "weak-key,signed:vendor/..".  Returns NULL, or what is wrong with it.
 */
const char *ignore_check(const char *list);

/*
 * ignore_has() returns true if one of the lists has the finding's rule,
 * alone or with a pattern that matches the file.  A pattern without a slash is
 * compared with the last part of the file's name.
 */
bool ignore_has(const struct strings *lists,
    const struct finding *f);

/* The comments of all files. */
struct comment;
struct comments {
	struct comment *v;
	size_t n;
};
void comments_free(struct comments *c);
#define auto_comments AUTO(comments_free) struct comments

/*
 * comments_read() adds the comments "mcfg-lint: ignore RULE..." of an
 * XML plist or of YAML, each of which is for the next element.  file is
 * borrowed: it must outlive c.  A comment without the name of a rule gets a
 * warning, once for each file.
 */
void comments_read(const struct buf *in, const char *file,
    struct comments *c);

bool comments_ignore(const struct comments *c,
    const struct finding *f);

/*
 * A baseline has lines of rule, file and JSON pointer, separated by tabs and
 * sorted; each entry silences one finding.  baseline_read() returns
 * FAULT if the file cannot be read and MALFORMED if it is not a baseline.
 */
struct baseline_entry;
struct baseline {
	struct baseline_entry *v;
	size_t n;
};
void baseline_free(struct baseline *b);
#define auto_baseline AUTO(baseline_free) struct baseline

enum status baseline_read(const char *path, struct baseline *b)
    USE_RESULT;

/*
 * Returns true if there is an unused entry for f, and marks that entry as
 * used.
 */
bool baseline_takes(struct baseline *b,
    const struct finding *f);

/* Returns the number of unused entries. */
size_t baseline_left(const struct baseline *b);

/*
 * Returns false for a rule that neither a comment nor a baseline can silence.
 */
bool may_be_suppressed(enum finding_rule rule);

/* Appends the findings of this severity or above, in the form of a baseline. */
void baseline_write(const struct findings *f,
    enum finding_severity least, struct buf *out);

#endif

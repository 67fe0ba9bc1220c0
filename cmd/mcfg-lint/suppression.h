/*
 * quiet: findings that are not to be reported: by --ignore, by a comment in
 * the file, or because a baseline has them.
 */
#ifndef MCFG_SUPPRESSION_H
#define MCFG_SUPPRESSION_H

#include "base/buf.h"
#include "base/mem.h"
#include "finding/finding.h"

/*
 * quiet_check_ignore() is the check of --ignore: "weak-key,signed:vendor/..".
 * NULL, or the reason why not.
 */
const char *quiet_check_ignore(const char *list);

/*
 * quiet_ignores() is true if one of the lists names the finding's rule, alone
 * or with a pattern that its file fits.  A pattern without a slash is held
 * against the last part of the file's name.
 */
bool quiet_ignores(const struct strings *lists,
    const struct finding *f);

/* What the comments of all files say. */
struct quiet_comment;
struct quiet_comments {
	struct quiet_comment *v;
	size_t n;
};
void quiet_comments_free(struct quiet_comments *c);
#define auto_quiet_comments AUTO(quiet_comments_free) struct quiet_comments

/*
 * quiet_read_comments() adds the comments "mcfg-lint: ignore RULE..." of an
 * XML plist or of YAML, each for the next element.  file is kept.  What names
 * no rule gets a warning, once for each file.
 */
void quiet_read_comments(const struct buf *in, const char *file,
    struct quiet_comments *c);

bool quiet_is_commented(const struct quiet_comments *c,
    const struct finding *f);

/*
 * A baseline: lines of rule, file and JSON pointer, with tabs between them,
 * sorted; an entry silences one finding.  quiet_baseline_read() returns FAULT
 * if the file cannot be read and MALFORMED if it is not a baseline.
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

/* True if there is an unused entry for f, which is used then. */
bool quiet_baseline_takes(struct quiet_baseline *b,
    const struct finding *f);

/* How many entries were not used. */
size_t quiet_baseline_left(const struct quiet_baseline *b);

/* False for a rule that no comment and no baseline silences. */
bool quiet_may_be(enum finding_rule rule);

/* Appends the findings of at least this severity as a baseline. */
void quiet_baseline_write(const struct findings *f,
    enum finding_severity least, struct buf *out);

#endif

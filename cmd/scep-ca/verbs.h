/* verbs: each in its own file. */
#ifndef MCFG_VERBS_H
#define MCFG_VERBS_H

#include "cli/opts.h"

extern const struct tool verb_init;
extern const struct tool verb_install;
extern const struct tool verb_rollover;
extern const struct tool verb_answer;
extern const struct tool verb_cgi;
extern const struct tool verb_issue;
extern const struct tool verb_challenge;
extern const struct tool verb_list;
extern const struct tool verb_show;
extern const struct tool verb_approve;
extern const struct tool verb_reject;
extern const struct tool verb_purge;
extern const struct tool verb_revoke;
extern const struct tool verb_crl;
extern const struct tool verb_check;
extern const struct tool verb_ledger_copy;

#endif

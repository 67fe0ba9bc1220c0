/* decision: the parts of the fifth stage.  Private to enroll/. */
#ifndef MCFG_ENROLL_DECISION_H
#define MCFG_ENROLL_DECISION_H

#include "stages.h"

/*
 * judge_entitled() looks for what entitles a request that came now: the
 * certificate that signed it, or the challenge in it, or a decision that is
 * still to come; and fills in how its names are spelled.
 */
enum status judge_entitled(struct operation *op, struct scep_refusal *no)
    USE_RESULT;

/* judge_entitled_before() does so for one that waits in the ledger. */
enum status judge_entitled_before(struct operation *op,
    struct scep_refusal *no) USE_RESULT;

/*
 * Names that compare equal are certified as they are spelled in what
 * entitles: byte for byte as a challenge is bound, or as in the certificate
 * that is renewed.
 */
enum status judge_spell_bound(struct operation *op,
    const struct ledger_name *bound, struct scep_refusal *no) USE_RESULT;
enum status judge_spell_renewed(struct operation *op, const X509 *old)
    USE_RESULT;

#endif

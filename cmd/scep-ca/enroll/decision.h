/* decision: the parts of the fifth stage.  Private to enroll/. */
#ifndef MCFG_ENROLL_DECISION_H
#define MCFG_ENROLL_DECISION_H

#include "stages.h"

/*
 * entitlement_find() looks for the entitlement of a new request: the
 * certificate that signed it, its challenge, or a decision that is yet to be
 * made.  It also sets how the names are spelled.
 */
enum status entitlement_find(struct operation *op, struct scep_refusal *no)
    USE_RESULT;

/*
 * entitlement_recheck() does the same for a request that waits in the
 * ledger.
 */
enum status entitlement_recheck(struct operation *op,
    struct scep_refusal *no) USE_RESULT;

/*
 * Names that compare as equal are certified in the spelling of the
 * entitlement: byte for byte as in a bound challenge, or as in the certificate
 * that is renewed.
 */
enum status names_as_bound(struct operation *op,
    const struct ledger_name *bound, struct scep_refusal *no) USE_RESULT;
enum status names_as_renewed(struct operation *op, const X509 *old)
    USE_RESULT;

#endif

/*
 * Randomness that is the same each time, for the fuzz targets that make keys
 * or encrypt: a case found once is found again.
 */
#ifndef MCFG_FUZZ_FIXED_H
#define MCFG_FUZZ_FIXED_H

/*
 * From now on OpenSSL's random bytes are those of a fixed sequence, from its
 * start.  Called at the start of each case, so that its bytes do not depend on
 * the cases before it.
 */
void fixed_random(void);

#endif

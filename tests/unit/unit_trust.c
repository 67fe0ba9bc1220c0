/*
 * unit_trust AT < LINES: each line names files, "BAG ANCHOR LEAF CA".  Prints
 * how scep/trust decides with BAG as the GetCACert response: "LEAF-REASON|CA".
 * The first part is empty if the leaf counts as issued by that CA.  The second
 * is "ca" if CA, the end of a chain above it, may issue, or else empty.  A bag
 * that is refused as a whole is "refused|".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/diag.h"
#include "scep/cacert.h"
#include "sys/io.h"

static X509 *
load(const char *path)
{
	auto_certs *list = NULL;
	X509 *cert;

	if (cert_load_list(path, &list) != OK)
		exit(FAULT);
	cert = sk_X509_value(list, 0);
	X509_up_ref(cert);
	return cert;
}

static bool
is_among(STACK_OF(X509) *list, const X509 *cert)
{
	int i;

	for (i = 0; i < sk_X509_num(list); i++)
		if (X509_cmp(sk_X509_value(list, i), cert) == 0)
			return true;
	return false;
}

static void
decide(char *file[4], int64_t at)
{
	const struct scep_cacert_source src = { .ca = file[0],
	    .anchor = file[1] };
	auto_scep_cacert t = SCEP_CACERT_INIT;
	X509 *leaf = load(file[2]), *ca = load(file[3]);
	auto_certs *sent = NULL;
	auto_buf der = BUF_INIT;
	const char *reason;

	if (scep_cacert_load(&src, at, false, &t) != OK) {
		puts("refused|");
	} else {
		/* A server sends its chain with the certificate. */
		if (io_slurp_file(file[0], IO_KEY_MAX, &der) != OK ||
		    cert_list_from_der(&der, &sent) != NULL)
			exit(FAULT);
		reason = scep_cacert_issued(&t, leaf, sent, at);
		printf("%s|%s\n", reason != NULL ? reason : "",
		    is_among(t.cas, ca) ? "ca" : "");
	}
	X509_free(leaf);
	X509_free(ca);
}

int
main(int argc, char **argv)
{
	char line[4096], *file[4], *save;
	int64_t at;
	size_t i;

	if (argc != 2)
		return USAGE;
	at = strtoll(argv[1], NULL, 10);
	while (fgets(line, sizeof line, stdin) != NULL) {
		for (i = 0; i < 4; i++)
			if ((file[i] = strtok_r(i == 0 ? line : NULL, " \n",
			    &save)) == NULL)
				return USAGE;
		decide(file, at);
	}
	return OK;
}

#include <string.h>

#include "sys/secret.h"
#include "verbs.h"

static const struct tool *const verbs[] = {
	&verb_init,
	&verb_install,
	&verb_rollover,
	&verb_answer,
	&verb_cgi,
	&verb_issue,
	&verb_challenge,
	&verb_list,
	&verb_show,
	&verb_approve,
	&verb_reject,
	&verb_purge,
	&verb_revoke,
	&verb_crl,
	&verb_check,
	&verb_ledger_copy,
	NULL,
};

static const struct opt options[] = {
	{ 0 },
};

static const struct tool tool = {
	.name = "scep-ca",
	.summary = "Run a certificate authority: read a SCEP request, write "
	    "the reply.",
	.example = "scep-ca init --dir ca --subject '/O=Example, Inc./CN=CA'",
	.options = options,
	.verbs = verbs,
};

/*
 * A web server starts a CGI program without arguments or, if the query has no
 * '=', with the words of the query (RFC 3875 4.4), which anybody can choose.
 * Such a program always runs the verb cgi.
 */
static bool
is_bare_cgi(int argc)
{
	const char *query = secret_env("QUERY_STRING");

	if (secret_env("GATEWAY_INTERFACE") == NULL)
		return false;
	return argc <= 1 || (query != NULL && *query != '\0' &&
	    strchr(query, '=') == NULL);
}

int
main(int argc, char **argv)
{
	static char name[] = "scep-ca", verb[] = "cgi";
	static char *bare[] = { name, verb, NULL };

	if (is_bare_cgi(argc))
		return (int)opts_main(&tool, 2, bare, NULL);
	return (int)opts_main(&tool, argc, argv, NULL);
}

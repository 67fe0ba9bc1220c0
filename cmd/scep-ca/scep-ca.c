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
	&verb_revoke,
	&verb_crl,
	NULL,
};

static const struct opt options[] = {
	{ 0 },
};

static const struct tool tool = {
	.name = "scep-ca",
	.summary = "A certificate authority: reads a SCEP request, writes a "
	    "SCEP reply.",
	.example = "scep-ca init --dir ca --subject '/O=Example, Inc./CN=CA'",
	.options = options,
	.verbs = verbs,
};

int
main(int argc, char **argv)
{
	return (int)opts_main(&tool, argc, argv, NULL);
}

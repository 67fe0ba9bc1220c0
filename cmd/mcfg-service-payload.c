#include "cli/opts.h"
#include "profile/profile.h"
#include "site/site.h"

static struct args {
	struct io_output out;
	struct profile_identity id;
	struct strings attributes;
	const char *url;
	const char *challenge;
	bool challenge_is_data;
	const char *config;
} args;

static const struct opt options[] = {
	OPT_OUTPUT(args.out),
	{ 0, "url", "URL", "URL to which the device sends its attributes "
	    "(required)",
	    .value = &args.url, .check = text_check_url,
	    .config = "profile_url" },
	{ 0, "attribute", "NAME", "request this attribute (default: UDID, "
	    "VERSION, PRODUCT, SERIAL)", .values = &args.attributes,
	    .check = profile_check_text, .config = "attributes" },
	{ 0, "challenge", "SRC", "the one-time challenge: env:NAME, file:PATH "
	    "or fd:N", .value = &args.challenge,
	    .check = secret_check_source, .is_secret = true },
	{ 0, "challenge-data", NULL, "write the challenge as data",
	    .flag = &args.challenge_is_data },
	OPT_PAYLOAD(args.id, "profile-service"),
	OPT_CONFIG(args.config),
	{ 0 },
};

static const struct tool tool = {
	.name = "mcfg-service-payload",
	.summary = "Write the Profile Service profile that asks a device for "
	    "its attributes.",
	.example = "mcfg-service-payload --url https://example.com/profile \\\n"
	    "    --identifier com.example.profile-service",
	.options = options,
	.args = &args,
};

static enum status
check(const struct args *a)
{
	if (a->url == NULL)
		return opts_missing("--url", "where the device sends its "
		    "attributes");
	if (a->id.identifier == NULL)
		return opts_missing("--identifier", "the name of the profile, "
		    "never changed");
	if (a->challenge_is_data && a->challenge == NULL)
		return opts_missing("--challenge", "--challenge-data says how "
		    "it is written");
	return OK;
}

static enum status
run(const struct args *a)
{
	struct profile_service s = { .attributes = &a->attributes };
	auto_buf challenge = BUF_SECRET, xml = BUF_SECRET;
	struct io_output out = a->out;
	auto_tree *payload = NULL;
	const char *reason;
	enum status st;

	if ((st = site_defaults(a->config, options)) != OK ||		/* read */
	    (st = check(a)) != OK)
		return st;
	if (a->challenge != NULL && (st = secret_read(a->challenge,
	    "--challenge", &challenge)) != OK)
		return st;

	reason = a->challenge_is_data ? NULL :				/* parse */
	    tree_text_fault(buf_str(&challenge), challenge.len);
	if (reason != NULL)
		return fail(MALFORMED, "--challenge: %s (--challenge-data "
		    "takes any bytes)", reason);

	s.url = a->url;							/* make */
	s.challenge = a->challenge != NULL ? &challenge : NULL;
	s.challenge_is_data = a->challenge_is_data;
	payload = profile_service(&a->id, &s);
	tree_to_xml(payload, &xml);

	out.is_private = profile_holds_secret(payload);		/* write */
	return io_spill(&out, &xml);
}

int
main(int argc, char **argv)
{
	return (int)opts_main(&tool, argc, argv, run);
}

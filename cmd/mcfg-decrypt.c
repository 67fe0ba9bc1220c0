/*
 * mcfg-decrypt: reads a profile with encrypted payloads, signed or not, and
 * writes the plain profile; or writes the content of a bare EnvelopedData.
 */
#include <string.h>

#include "cli/opts.h"
#include "cms/cms.h"
#include "plist/node.h"

static struct args {
	struct io_input in;
	struct io_output out;
	struct identity_source id;
} args;

static const struct opt options[] = {
	OPT_OUTPUT(args.out),
	OPT_LENGTH(args.in),
	{ 0, "key", "KEY", "private key: a file, env:NAME, fd:N or pkcs11:...",
	    .value = &args.id.key },
	{ 0, "cert", "FILE", "certificate of the key: decrypt only for this "
	    "recipient",
	    .value = &args.id.cert, .is_file = true },
	OPT_KEY_ACCESS(args.id),
	{ 0 },
};

static const struct tool tool = {
	.name = "mcfg-decrypt",
	.summary = "Read an encrypted profile or EnvelopedData and write the "
	    "plaintext.",
	.operands = "[FILE]",
	.example = "mcfg-decrypt --key identity-key.pem profile.mobileconfig",
	.options = options,
	.args = &args,
	.input = &args.in,
};

static enum status
load_identity(const struct args *a, struct identity *id)
{
	struct identity_source source = a->id;
	enum status st;

	if (a->id.key == NULL)
		return opts_missing("--key", "the private key of the device");
	/*
	 * A key file that others can read is only worth a warning here:
	 * decrypting puts nothing at risk that is not already in the message.
	 */
	source.loose = true;
	if ((st = cert_load_key(&source, "--key", &id->key)) != OK)
		return st;
	if (a->id.cert == NULL)
		return OK;
	if ((st = cert_load(a->id.cert, &id->cert)) != OK)
		return st;
	if (!cert_key_equal(X509_get0_pubkey(id->cert), id->key))
		return fail(FAULT, "%s: not the key of %s", a->id.key,
		    a->id.cert);
	return OK;
}

/*
 * Removes the signature without verifying it.  plain stays empty if the input
 * is not signed.
 */
static enum status
take_signature_off(const struct buf *in, const char *name, struct buf *plain,
    bool *enveloped)
{
	enum status st;

	*enveloped = false;
	if (!cms_looks_like(in))
		return OK;
	if (cms_is_enveloped(in)) {
		*enveloped = true;
		return OK;
	}
	detail("%s: signed; the signature is not verified here", name);
	if ((st = cms_unwrap(in, name, plain)) != OK)
		return st;
	*enveloped = cms_looks_like(plain) && cms_is_enveloped(plain);
	return OK;
}

/*
 * Payloads are an array of dicts.  Some encoders write a dict instead: its
 * PayloadContent is used if it has one, otherwise the dict itself.
 */
static struct tree *
payloads_of(struct tree *inner)
{
	const struct tree *own = tree_kind(inner) == TREE_DICT ?
	    tree_get(inner, "PayloadContent") : NULL;

	return tree_copy(own != NULL ? own : inner);
}

static enum status
decrypt(const struct buf *in, const char *name, const struct identity *id,
    struct buf *out)
{
	struct problem why = { .name = name };

	return cms_decrypt(in, id->key, id->cert, &why, out) == OK ? OK :
	    problem_print(&why);
}

static enum status
open_profile(const struct buf *in, const char *name, struct identity *id,
    struct buf *out)
{
	auto_buf der = BUF_INIT, content = BUF_SECRET;
	auto_tree *t = NULL, *inner = NULL;
	const unsigned char *sealed;
	size_t len = 0;
	enum status st;

	if ((st = tree_parse(in, name, NULL, &t)) != OK)
		return st;
	if (tree_kind(t) != TREE_DICT || tree_get_kind(t,
	    "EncryptedPayloadContent", TREE_DATA) == NULL)
		return fail(REFUSED, "%s: not encrypted (no "
		    "EncryptedPayloadContent)", name);
	sealed = tree_data_of(tree_get(t, "EncryptedPayloadContent"), &len);
	buf_add(&der, sealed, len);
	if ((st = decrypt(&der, name, id, &content)) != OK ||
	    (st = tree_parse(&content, "EncryptedPayloadContent", NULL,
	    &inner)) != OK)
		return st;
	if (tree_kind(inner) != TREE_ARRAY && tree_kind(inner) != TREE_DICT)
		return fail(MALFORMED, "%s: EncryptedPayloadContent holds no "
		    "payloads", name);
	tree_remove(t, "EncryptedPayloadContent");
	tree_remove(t, "IsEncrypted");
	tree_set(t, "PayloadContent", payloads_of(inner));
	tree_to_xml(t, out);
	return OK;
}

static enum status
run(const struct args *a)
{
	const char *name = io_name(a->in.path);
	auto_buf in = BUF_INIT, unwrapped = BUF_INIT, plain = BUF_SECRET;
	const struct buf *inside;
	struct io_output out = a->out;
	auto_identity id = IDENTITY_INIT;
	bool enveloped;
	enum status st;

	if ((st = load_identity(a, &id)) != OK ||
	    (st = io_slurp(&a->in, IO_PROFILE_MAX, &in)) != OK)
		return st;

	if ((st = take_signature_off(&in, name, &unwrapped, &enveloped)) != OK)
		return st;
	inside = unwrapped.data != NULL ? &unwrapped : &in;

	st = enveloped ? decrypt(inside, name, &id, &plain) :
	    open_profile(inside, name, &id, &plain);
	if (st != OK)
		return st;

	/* The plain text of something encrypted is written with mode 0600. */
	out.is_private = true;
	return io_spill(&out, &plain);
}

int
main(int argc, char **argv)
{
	return (int)opts_main(&tool, argc, argv, run);
}

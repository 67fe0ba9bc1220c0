/*
 * spec_parser: libyaml's parser with the settings for all YAML files, and its
 * errors as messages with the place.
 */
#ifndef MCFG_TEXT_PARSER_H
#define MCFG_TEXT_PARSER_H

#include <yaml.h>

#include "base/buf.h"
#include "base/problem.h"

/*
 * spec_parser_open() sets up a parser for in, which is UTF-8, with or without
 * a byte order mark, and must outlive the parser.  The caller ends it with
 * yaml_parser_delete().
 */
void spec_parser_open(yaml_parser_t *p, const struct buf *in);

struct spec_step;

/*
 * Prints why the parser failed, where in the input, and how to fix it, and
 * returns MALFORMED; step is the node that it was about to read.
 */
enum status spec_parser_fail(const yaml_parser_t *p, const struct buf *in,
    struct problem *why, const struct spec_step *step) USE_RESULT;

/*
 * Returns MALFORMED for a tag directive: libyaml compares each with all before
 * it, which takes quadratic time.
 */
enum status spec_parser_refuse_directives(const struct buf *in,
    struct problem *why) USE_RESULT;

#endif

#!/bin/sh
# login.cgi is the way to /enroll of a site with users in a directory, behind a
# server that cannot ask one: nginx and Apache pass that page to it.  It is
# mcfg.cgi, which then asks for a name and a password itself; see login.sh.
exec "${0%/*}/../mcfg.cgi" --login

#!/bin/sh
# login.cgi serves /enroll of a site with users in a directory, behind a server
# that cannot query one: nginx and Apache pass that page to it.  It runs
# mcfg.cgi, which then checks name and password itself; see login.sh.
exec "${0%/*}/../mcfg.cgi" --login

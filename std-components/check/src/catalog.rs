//! The catalogs: every component and config block of a release, made when it is first asked for.

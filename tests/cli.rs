//! The command line from outside: what it answers, where, with which exit status, and what it leaves on disk.

mod again;
mod errors;
mod fixing;
mod held;
mod looks;
mod manual;
mod mistakes;
mod next;
mod status;
mod unnamed;

/// One service of a known family, one that needs a preset named, one that nothing is known of.
pub(crate) const SHOP: &str = "\
# The shop
services:
  web:
    image: nginx:1.27
    volumes:
      - ./html:/usr/share/nginx/html:ro
  api:
    image: node:22-slim
    restart: always   # the API
  jobs:
    image: example.org/jobs:3
    volumes: [queue:/var/lib/queue]
volumes:
  queue:
";

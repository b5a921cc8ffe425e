//! What an image or a base says of the program that runs on it: nothing.

use super::*;

#[test]
fn a_base_says_nothing_of_the_program_on_it() {
    for (dockerfile, rest, expected) in [
        ("FROM node:24-slim\nCMD [\"node\", \"app.js\"]\n", "", Confidence::Base),
        ("FROM python:3.12\n", "", Confidence::Base),
        ("FROM nginx\nCOPY site.conf /etc/nginx/conf.d/\n", "", Confidence::Documented),
        ("FROM nginx\nCMD [\"nginx\", \"-g\", \"daemon off;\"]\n", "", Confidence::Documented),
        ("FROM nginx\nCOPY start.sh /\nENTRYPOINT [\"/start.sh\"]\n", "", Confidence::Base),
        ("FROM redis:7\nCMD [\"redis-server\", \"/etc/redis.conf\"]\n", "", Confidence::Documented),
        ("FROM traefik:v3\nCMD [\"--api=true\"]\n", "", Confidence::Documented),
        ("FROM nginx\n", ", command: sh -c 'envsubst > /run/x && nginx'", Confidence::Base),
    ] {
        let services = format!("  s: {{build: .{rest}}}\n");
        let need = try_needs(&services, &auto(), Some(dockerfile)).expect("needs").remove(0);
        assert_eq!(need.basis.confidence, expected, "{dockerfile} {rest}");
        assert!(!need.consent, "{dockerfile}");
    }
    // An image is no better known than a base.
    for (body, expected) in [
        ("image: node:22, command: node server.js, volumes: ['./:/app:ro']", Confidence::Base),
        ("image: python:3.12, entrypoint: [python, /app/x.py]", Confidence::Base),
        ("image: eclipse-temurin:21, command: java -jar /app/a.jar", Confidence::Base),
        ("image: golang, command: go run .", Confidence::Base),
        ("image: node:22, command: npx -y serve", Confidence::Base),
        ("image: 'php:8-fpm', volumes: ['./src:/var/www/html']", Confidence::Base),
        ("image: 'php:8-fpm', volumes: [code:/var/www/html]", Confidence::Base),
        ("image: 'php:8-fpm', tmpfs: /run", Confidence::Documented),
        ("image: node:22", Confidence::Documented),
        ("image: bash, volumes: ['./log:/log'], command: \"bash -c 'tail -f /log/*.log'\"", Confidence::Documented),
        ("image: alpine, command: [sh, -c, 'env && exec sleep 1d']", Confidence::Documented),
        ("image: alpine, entrypoint: [/bin/echo], command: hi", Confidence::Documented),
        ("image: alpine, command: [sh, -c, 'tail -f x & crond -f']", Confidence::Base),
        ("image: alpine, command: [sh, /x.sh]", Confidence::Base),
        ("image: nginx, command: nginx -g 'daemon off;'", Confidence::Documented),
    ] {
        let need = try_needs(&format!("  s: {{{body}}}\n"), &auto(), None).expect("needs").remove(0);
        assert_eq!((need.basis.confidence, need.consent), (expected, false), "{body}");
        let is_own = need.basis.text.ends_with(": the image is known; what your own program writes is not");
        assert_eq!(is_own, expected == Confidence::Base, "{}", need.basis.text);
    }
    // Naming the preset is consent.
    let forced = Selection { forced: vec![("s".into(), preset("node"))], ..auto() };
    for selection in [named(&["node"]), forced] {
        let need = try_needs("  s: {build: .}\n", &selection, Some("FROM node:24-slim\n")).expect("needs").remove(0);
        assert_eq!((need.consent, need.basis.text.as_str()), (true, "Dockerfile base node:24-slim runs read-only with these mounts"));
    }
}

"""Many files and documents, and services that share what they have."""

import os

from inputs import GITHUB, IMAGE, TEXT, compose, kind, service, services, write


@kind("--quiet", start=20)
def layers(n):
    for i in range(n):
        compose("services:", service("web", "volumes: [./a%d:/a%d]" % (i, i)), name=f"{i}.yaml")
    return [word for i in range(n) for word in ("-f", f"{i}.yaml")]


@kind("--quiet", start=20)
def layers_that_reset(n):
    for i in range(n):
        compose(
            "services:",
            service("web", f"volumes: !override [./a{i}:/a{i}]"),
            "volumes: !override",
            f"  v{i}:",
            name=f"{i}.yaml",
        )
    return [word for i in range(n) for word in ("-f", f"{i}.yaml")]


@kind("--quiet", TEXT)
def documents(n):
    compose(
        *(f"---\nservices:\n  web:\n    {IMAGE}\n    volumes: [./a{i}:/a{i}]" for i in range(n))
    )


@kind("--quiet", TEXT)
def documents_of_own_services(n):
    compose(*(f"---\nservices:\n  s{i}:\n    {IMAGE}\nvolumes:\n  v{i}:" for i in range(n)))


@kind("--quiet", start=20)
def includes(n):
    compose("include:", *(f"  - {i}.yaml" for i in range(n)))
    for i in range(n):
        compose("services:", service(f"s{i}"), name=f"{i}.yaml")


@kind("--quiet", start=20)
def layers_that_include(n):
    for i in range(n):
        compose(f"include: [i{i}.yaml]", "services:", service(f"s{i}"), name=f"{i}.yaml")
        compose("services:", service(f"i{i}"), name=f"i{i}.yaml")
    return [word for i in range(n) for word in ("-f", f"{i}.yaml")]


@kind("--quiet", start=20)
def includes_with_variables(n):
    compose("include:", *(f"  - {i}.yaml" for i in range(n)))
    write(".env", "".join(f"V{i}=a{i}\n" for i in range(n)))
    for i in range(n):
        compose("services:", service(f"s{i}", f"user: ${{V{i}}}"), name=f"{i}.yaml")


@kind("--quiet", GITHUB)
def extends_of_one_base(n):
    compose("services:", service("base"), *(f"  s{i}:\n    extends: base" for i in range(n)))


@kind("--quiet", TEXT)
def long_extends(n):
    all_of_them = [service(f"s{i}", f"volumes: [./a{i}:/a{i}]") for i in range(n)]
    for i in range(1, n):
        # A chain may have 64 links.
        if i % 30:
            all_of_them[i] += f"\n    extends: s{i - 1}"
    compose("services:", *all_of_them)


@kind("--quiet", start=20)
def extends_of_other_files(n):
    compose(
        "services:", *(f"  s{i}:\n    extends: {{file: {i}.yaml, service: s}}" for i in range(n))
    )
    for i in range(n):
        compose("services:", service("s"), name=f"{i}.yaml")


@kind("--quiet --check", start=20)
def projects_of_a_tree(n):
    for i in range(n):
        os.mkdir(f"p{i}")
        compose("services:", service("s"), name=f"p{i}/compose.yaml")
    return ["-r"]


@kind("--quiet", GITHUB)
def anchors_used_by_merge_keys(n):
    compose(
        *(f"x-a{i}: &a{i}\n  {IMAGE}" for i in range(n)),
        "services:",
        *(f"  s{i}:\n    <<: *a{i}" for i in range(n)),
    )


@kind("--quiet", GITHUB)
def anchors_of_tmpfs(n):
    compose(*(f"x-a{i}: &a{i} [/run]" for i in range(n)), "services:", *services(n, "tmpfs: *a@"))


@kind("--quiet", GITHUB)
def anchors_of_services(n):
    compose(
        *(f"x-a{i}: &a{i}\n  {IMAGE}" for i in range(n)),
        "services:",
        *(f"  s{i}: *a{i}" for i in range(n)),
    )


@kind("--quiet", GITHUB)
def services_that_are_aliases(n):
    compose("services:", *(f"  s{i}: &a{i}\n    {IMAGE}\n  t{i}: *a{i}" for i in range(n)))


@kind("--quiet", GITHUB)
def services_that_merge_the_one_before(n):
    compose(
        "services:",
        *(
            f"  s{i}: &a{i}\n    {IMAGE}\n  t{i}:\n    <<: *a{i}\n    command: run"
            for i in range(n)
        ),
    )


@kind("--quiet", GITHUB)
def one_anchor_used_by_all(n):
    compose(
        f"x-a: &a\n  {IMAGE}\n  tmpfs: &t [/run]",
        "services:",
        *(f"  s{i}:\n    <<: *a" for i in range(n)),
    )


@kind("--quiet", GITHUB)
def one_list_used_by_all(n):
    compose("x-t: &t [/run]", "services:", *services(n, "tmpfs: *t"))


@kind("--quiet", GITHUB)
def one_list_of_a_service_used_by_all(n):
    compose(
        "services:", service("first", "tmpfs: &t [/run]"), *services(n, "tmpfs: *t", "user: '@'")
    )


@kind("--quiet", GITHUB)
def one_service_merged_by_all(n):
    compose(
        "services:",
        "  first: &f",
        f"    {IMAGE}",
        *(f"  s{i}:\n    <<: *f\n    user: '{i}'" for i in range(n)),
    )


@kind("--quiet", GITHUB)
def one_service_that_merges_all(n):
    merged = ", ".join(f"*a{i}" for i in range(n))
    compose(
        *(f"x-a{i}: &a{i} {{x-k{i}: a}}" for i in range(n)),
        "services:",
        service("web", f"<<: [{merged}]"),
    )


@kind("--quiet", GITHUB)
def anchors_of_values(n):
    compose("services:", *services(n, "labels: &l@", "  a: b", "environment: *l@"))


@kind("--quiet", GITHUB)
def anchors_of_volumes(n):
    anchors = (f"x-v{i}: &v{i} ./a{i}:/a{i}" for i in range(n))
    compose(*anchors, "services:", service("web", "volumes:", *(f"- *v{i}" for i in range(n))))


@kind("--quiet", GITHUB)
def networks_beside_anchors(n):
    compose(
        "x-a: &a {}",
        "services:",
        *services(n, "x-b: *a"),
        "networks:",
        *(f"  n{i}: *a" for i in range(n)),
    )


@kind("--quiet", GITHUB)
def top_level_blocks(n):
    compose(
        "services:",
        *services(n, "tmpfs: &t@ [/run]", "x-u: *t@"),
        *(f"x-b{i}: {{a: b}}" for i in range(n)),
    )

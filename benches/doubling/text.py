"""Long texts, many lines, and many names."""

from inputs import IMAGE, compose, config, kind, service, services, write


@kind("--quiet")
def comments(n):
    compose(
        "services:",
        *(f"  # comment {i}" for i in range(n)),
        service("web"),
        *(f"    # comment {i}" for i in range(n)),
    )


@kind("--quiet")
def comments_of_services(n):
    compose("services:", *services(n, "# comment", "user: '1' # comment", "# comment"))


@kind("--quiet", start=20)
def nested_lists(n):
    compose(*(f"x-{i}: {'[' * 100}{']' * 100}" for i in range(n)), "services:", service("web"))


@kind("--quiet", start=20)
def nested_blocks(n):
    nest = "\n".join(" " * (depth + 1) + "a:" for depth in range(100))
    compose(*(f"x-{i}:\n{nest}" for i in range(n)), "services:", service("web"))


@kind("--quiet", "--explain-in-file")
def a_long_plain_scalar(n):
    compose("services:", service("web", "user: " + "word " * n))


@kind("--quiet", "--explain-in-file")
def a_long_quoted_scalar(n):
    compose(
        "services:",
        service("web", 'x-a: "' + "\\t\\u00e4word " * n + '"', "x-b: '" + "it''s " * n + "'"),
    )


@kind("--quiet")
def a_literal_scalar(n):
    compose(
        "services:",
        service(
            "web", "x-a: |", *("  line" for _ in range(n)), "x-b: >", *("  line" for _ in range(n))
        ),
    )


@kind("--quiet")
def a_scalar_of_many_lines(n):
    compose(
        "services:",
        service(
            "web",
            "x-a: line",
            *("  line" for _ in range(n)),
            "x-b: 'line",
            *("  line" for _ in range(n)),
            "  '",
        ),
    )


@kind("--quiet")
def tabs(n):
    compose(
        "services:",
        service(
            "web",
            *("x-a%d:\t[a,\tb]\t# c" % i for i in range(n)),
            "x-b: a",
            *("  b\tc" for _ in range(n)),
        ),
    )


@kind("--quiet")
def empty_lines(n):
    compose(
        "services:",
        service("web"),
        *("" for _ in range(n)),
        service("api"),
        *("  " for _ in range(n)),
    )


@kind("--quiet", status=(2,))
def an_error_at_the_end(n):
    compose("services:", *services(n), "  - a: b: c")


@kind("--quiet", status=(2,))
def an_error_on_a_long_line(n):
    compose("services: {" + ", ".join(f"s{i}: {{{IMAGE}}}" for i in range(n)) + ", s0: {}}")


@kind("--quiet")
def names_of_volumes_that_are_taken(n):
    compose(
        "services:", service("s"), "volumes:", "  s-data:", *(f"  s-data-{i}:" for i in range(2, n))
    )
    config(
        *(
            f"[[services.s.paths]]\ntarget = '/{i}/data'\nstorage = 'state'\nwhy = 'w'"
            for i in range(n)
        )
    )


@kind("--quiet")
def volumes_named_for_the_engine(n):
    compose(
        "services:",
        service("s"),
        "volumes:",
        *(f"  v{i}: {{name: {'a_' * 9}s-data-{i}}}" for i in range(n)),
    )


@kind("--quiet")
def references_to_variables(n):
    compose("services:", *services(n, "user: ${V@:-1}", "volumes: ['${W:-./a}:/a']"))


@kind("--quiet")
def variables(n):
    write(".env", "".join(f"V{i}=a{i}\n" for i in range(n)))
    compose("services:", service("web", "user: $V1"))


@kind("--quiet")
def variables_that_use_each_other(n):
    write(".env", "V0=a\n" + "".join(f"V{i}=${{V{i - 1}}}\n" for i in range(1, n)))
    compose("services:", service("web", "user: $V1"))


@kind("--quiet")
def variables_of_one_value(n):
    write(".env", "A=\nB=" + "${A}" * n + '\nC="' + "${A}\\n" * n + '"\n' + "# c\n" * n)
    compose("services:", service("web", "user: '" + "${A:-${A}}" * n + "'"))

"""Headers that are compiled once instead of in each file that includes them.

Two thirds of the time of a typical file go into the headers of Abseil, protobuf
and GoogleTest.
"""

load("@bazel_tools//tools/build_defs/cc:action_names.bzl", "CPP_COMPILE_ACTION_NAME")
load("@bazel_tools//tools/cpp:toolchain_utils.bzl", "find_cpp_toolchain")

def _precompiled_header_impl(ctx):
    toolchain = find_cpp_toolchain(ctx)
    features = cc_common.configure_features(
        ctx = ctx,
        cc_toolchain = toolchain,
        requested_features = ctx.features,
        unsupported_features = ctx.disabled_features,
    )

    # Compilers look for NAME.h.gch when they are told to `-include NAME.h`, and
    # GCC takes NAME.h itself where it cannot use that.
    output = ctx.actions.declare_file(ctx.label.name + ".h.gch")
    header = ctx.actions.declare_file(ctx.label.name + ".h")
    ctx.actions.run_shell(
        command = "cat %s > %s" % (" ".join([f.path for f in ctx.files.hdrs]), header.path),
        inputs = ctx.files.hdrs,
        outputs = [header],
    )

    # GCC has no such option. With it, templates that the headers themselves use
    # are not instantiated again in every file, a sixth of what remains.
    clang = toolchain.compiler == "clang"
    instantiate = ["-fpch-instantiate-templates"] if clang else []

    # The text comes from standard input, so that Clang, which notes the path of
    # every file it has read, notes no path of a sandbox. GCC does not take "-".
    variables = cc_common.create_compile_variables(
        feature_configuration = features,
        cc_toolchain = toolchain,
        source_file = "-" if clang else "/dev/stdin",
        output_file = output.path,
        use_pic = True,
        # A header is usable only where the flags are the same.
        user_compile_flags = ctx.fragments.cpp.copts + ctx.fragments.cpp.cxxopts + instantiate,
    )
    ctx.actions.run_shell(
        command = "set -o pipefail; cat %s | \"$@\"" % " ".join([f.path for f in ctx.files.hdrs]),
        arguments = [
            cc_common.get_tool_for_action(feature_configuration = features, action_name = CPP_COMPILE_ACTION_NAME),
            "-x",
            "c++-header",
        ] + cc_common.get_memory_inefficient_command_line(
            feature_configuration = features,
            action_name = CPP_COMPILE_ACTION_NAME,
            variables = variables,
        ),
        env = cc_common.get_environment_variables(
            feature_configuration = features,
            action_name = CPP_COMPILE_ACTION_NAME,
            variables = variables,
        ),
        inputs = depset(ctx.files.hdrs + ctx.files._system, transitive = [toolchain.all_files]),
        outputs = [output],
        mnemonic = "CppPrecompile",
        progress_message = "Precompiling headers of %s" % ctx.label,
    )

    # An input of those who depend on it; there is nothing to link.
    return [
        DefaultInfo(files = depset([output])),
        CcInfo(compilation_context = cc_common.create_compilation_context(headers = depset([header, output]))),
    ]

precompiled_header = rule(
    doc = "One header made of hdrs, in this order, which include the system's headers only.",
    implementation = _precompiled_header_impl,
    attrs = {
        "hdrs": attr.label_list(allow_files = [".h"], mandatory = True),
        "_cc_toolchain": attr.label(default = "@bazel_tools//tools/cpp:current_cc_toolchain"),
        "_system": attr.label(default = "@system//:compiled_headers"),
    },
    fragments = ["cpp"],
    toolchains = ["@bazel_tools//tools/cpp:toolchain_type"],
)

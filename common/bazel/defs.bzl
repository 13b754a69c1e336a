"""The rules of our BUILD files: C++ with our warnings, and protos in C++."""

_COPTS = [
    "-Wall",
    "-Wextra",
    "-Werror",
    "-Wnon-virtual-dtor",
    "-Wshadow",
    # Designated initializers leave out the fields that keep their default.
    "-Wno-missing-field-initializers",
    # These look through inlined library code, where GCC 12 is often wrong.
    "-Wno-array-bounds",
    "-Wno-dangling-pointer",
    "-Wno-maybe-uninitialized",
    "-Wno-restrict",
    "-Wno-stringop-overflow",
    "-Wno-stringop-overread",
]

# ---------------------------------------------------------------------------
# Precompiled headers, with --define=pch=on: a third less time for most files.
# Every file begins with one, whether it needs all of it or not: loading is quick.
# Files still include what they use; a build without tells whether they do.

def _precompiled_copts(header):
    return select({
        # One that does not fit the other flags costs time, and this says why.
        "//common/bazel:precompiled": ["-Winvalid-pch", "-Wno-error=invalid-pch", "-include", "$(BINDIR)/common/bazel/%s.h" % header],
        "//conditions:default": [],
    })

def _precompiled_deps(header):
    return select({
        "//common/bazel:precompiled": ["//common/bazel:" + header],
        "//conditions:default": [],
    })

_LIBRARY = "precompiled_library"
_TEST = "precompiled_test"

# ---------------------------------------------------------------------------
# Our own code.

def rollcall_cc_library(name, copts = [], deps = [], **kwargs):
    """A cc_library of our own code. A pure module says tags = ["pure"]."""
    native.cc_library(
        name = name,
        copts = _COPTS + copts + _precompiled_copts(_LIBRARY),
        deps = deps + _precompiled_deps(_LIBRARY),
        **kwargs
    )

def rollcall_cc_binary(name, copts = [], deps = [], **kwargs):
    """A cc_binary of our own code, with an allocator that is quicker than glibc's."""
    native.cc_binary(
        name = name,
        copts = _COPTS + copts + _precompiled_copts(_LIBRARY),
        malloc = select({
            "//common/bazel:system_malloc": "@bazel_tools//tools/cpp:malloc",
            "//conditions:default": "//common/memory:allocator",
        }),
        deps = deps + _precompiled_deps(_LIBRARY),
        **kwargs
    )

def rollcall_cc_test(name, copts = [], data = [], deps = [], main = True, size = "small", **kwargs):
    """A GoogleTest of our own code; main = False when it has its own main()."""
    gtest = ["@system//:gtest_main" if main else "@system//:gtest"]
    native.cc_test(
        name = name,
        size = size,
        copts = _COPTS + copts + _precompiled_copts(_TEST),
        data = data + ["//common/bazel:lsan.supp"],
        deps = deps + [d for d in gtest if d not in deps] + _precompiled_deps(_TEST),
        **kwargs
    )

# ---------------------------------------------------------------------------
# Protos.

_ProtoSources = provider(
    doc = "The .proto files of a library.",
    fields = {
        "direct": "list of File: its own files",
        "roots": "depset of string: directories that imports are relative to",
        "transitive": "depset of File: its own files and all they import",
    },
)

def _protoc_arguments(ctx, info):
    arguments = ctx.actions.args()
    arguments.add_all(info.roots, format_each = "-I%s")
    return arguments

def _generate(ctx, info, outputs, mnemonic, options):
    arguments = _protoc_arguments(ctx, info)
    arguments.add_all(options)
    arguments.add_all(info.direct)
    ctx.actions.run(
        executable = "/usr/bin/protoc",
        arguments = [arguments],
        inputs = info.transitive,
        outputs = outputs,
        mnemonic = mnemonic,
        progress_message = "Generating C++ from protos of %s" % ctx.label.package,
    )

def _proto_sources_impl(ctx):
    deps = [dep[_ProtoSources] for dep in ctx.attr.deps]
    info = _ProtoSources(
        direct = ctx.files.srcs,
        roots = depset([ctx.attr.root or "."], transitive = [d.roots for d in deps]),
        transitive = depset(ctx.files.srcs, transitive = [d.transitive for d in deps]),
    )
    out_dir = ctx.bin_dir.path + ("/" + ctx.attr.root if ctx.attr.root else "")
    _generate(ctx, info, ctx.outputs.messages, "ProtoMessages", ["--cpp_out=" + out_dir])
    if ctx.outputs.stubs:
        _generate(ctx, info, ctx.outputs.stubs, "ProtoStubs", [
            "--plugin=protoc-gen-grpc=/usr/bin/grpc_cpp_plugin",
            "--grpc_out=" + out_dir,
        ])
    return [info, DefaultInfo(files = depset(ctx.outputs.messages + ctx.outputs.stubs))]

_proto_sources = rule(
    implementation = _proto_sources_impl,
    attrs = {
        "deps": attr.label_list(providers = [_ProtoSources]),
        "messages": attr.output_list(),
        "root": attr.string(),
        "srcs": attr.label_list(allow_files = [".proto"], mandatory = True),
        "stubs": attr.output_list(),
    },
)

def _descriptor_set_impl(ctx):
    deps = [dep[_ProtoSources] for dep in ctx.attr.deps]
    info = _ProtoSources(
        direct = depset(transitive = [depset(d.direct) for d in deps]).to_list(),
        roots = depset(transitive = [d.roots for d in deps]),
        transitive = depset(transitive = [d.transitive for d in deps]),
    )
    arguments = _protoc_arguments(ctx, info)
    arguments.add("--include_imports")
    arguments.add("--include_source_info")
    arguments.add("--descriptor_set_out", ctx.outputs.out)
    arguments.add_all(info.direct)
    ctx.actions.run(
        executable = "/usr/bin/protoc",
        arguments = [arguments],
        inputs = info.transitive,
        outputs = [ctx.outputs.out],
        mnemonic = "ProtoDescriptors",
    )
    return [DefaultInfo(files = depset([ctx.outputs.out]))]

_descriptor_set = rule(
    implementation = _descriptor_set_impl,
    attrs = {
        "deps": attr.label_list(providers = [_ProtoSources]),
        "out": attr.output(mandatory = True),
    },
)

def _sources_of(label):
    """The label of the proto files behind the C++ library `label`."""
    if ":" not in label:
        label = label + ":" + label.split("/")[-1]
    return label + "_sources"

def rollcall_proto_library(name, srcs, deps = [], grpc = False, visibility = None, tags = [], **kwargs):
    """Turns .proto files into C++ libraries.

    Under proto/, imports and includes are relative to proto/; anywhere else
    they are relative to the workspace.

    Args:
      name: the cc_library of the messages. With grpc = True there is also
        `<name>_grpc`, the stubs, so that users of messages don't pay for gRPC.
      srcs: .proto files of this package.
      deps: rollcall_proto_library targets that srcs import.
      grpc: whether srcs declare services.
      visibility: of all the targets.
      tags: of the C++ libraries.
      **kwargs: passed on to all the targets, for example testonly.
    """
    package = native.package_name()
    root = "proto" if package == "proto" or package.startswith("proto/") else ""
    stems = [src.split(":")[-1][:-len(".proto")] for src in srcs]
    messages = [stem + ending for stem in stems for ending in [".pb.h", ".pb.cc"]]
    stubs = [stem + ending for stem in stems for ending in [".grpc.pb.h", ".grpc.pb.cc"]] if grpc else []

    # Whose includes are relative to proto/.
    include_root = ["//proto:include_root"] if root else []

    _proto_sources(
        name = name + "_sources",
        srcs = srcs,
        deps = [_sources_of(dep) for dep in deps],
        messages = messages,
        root = root,
        stubs = stubs,
        visibility = visibility,
        **kwargs
    )

    # alwayslink, because reflection resolves only the types that are linked.
    native.cc_library(
        name = name,
        srcs = [f for f in messages if f.endswith(".cc")],
        hdrs = [f for f in messages if f.endswith(".h")],
        alwayslink = True,
        copts = ["-w"] + _precompiled_copts(_LIBRARY),
        tags = tags,
        visibility = visibility,
        deps = deps + include_root + ["@system//:protobuf"] + _precompiled_deps(_LIBRARY),
        **kwargs
    )
    if grpc:
        native.cc_library(
            name = name + "_grpc",
            srcs = [f for f in stubs if f.endswith(".cc")],
            hdrs = [f for f in stubs if f.endswith(".h")],
            # Glue only: with less optimisation twice as quick to compile, and no slower.
            copts = ["-w"] + _precompiled_copts(_LIBRARY) + select({
                "//common/bazel:precompiled_optimized_by_gcc": ["-O1"],
                # There the header would not fit.
                "//common/bazel:precompiled": [],
                "//conditions:default": ["-O1"],
            }),
            tags = tags,
            visibility = visibility,
            deps = [":" + name, "@system//:grpc++"] + _precompiled_deps(_LIBRARY),
            **kwargs
        )

def rollcall_descriptor_set(name, deps, **kwargs):
    """Writes `<name>.binpb`: descriptors and comments of deps and their imports."""
    _descriptor_set(
        name = name,
        out = name + ".binpb",
        deps = [_sources_of(dep) for dep in deps],
        **kwargs
    )

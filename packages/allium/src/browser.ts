// What a browser gets of this package: the kernel, which needs nothing of Node.
export * from "@allium/core";
